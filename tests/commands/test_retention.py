"""What is kept for how long, what must be kept, and what is kept no longer."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from access.actor import SYSTEM
from commands.certificate import AlreadyCertified, IssueCertificate
from commands.enrollment import EnrollLearner, UpdateProgress
from commands.erasure import EraseLearner
from commands.feedback import SubmitFeedback
from commands.learner import DeactivateLearner
from commands.retention import (
    RECORDS_OF,
    ExpireRecord,
    PlaceHold,
    ReleaseHold,
    RemoveRetention,
    SetRetention,
)
from domain.aggregate import EXPIRED
from domain.enrollment import AlreadyEnrolled, Enrollment
from domain.erasure import LegalBasis
from domain.errors import DomainError, Invalid
from domain.identity import expired_record_id, legal_holds_id
from domain.learner import Learner
from domain.legal_holds import HeldKind, HoldNotFound, LegalHolds, UnderLegalHold
from domain.retention import ExpiredRecord, NotExpired, RecordKind, RetentionPolicies
from domain.roles import Role
from tests.commands.system import NOW, Given, System
from tests.commands.together import at_once
from tests.servers.postgres import Database

DAY = timedelta(days=1)
BASIS = "29 CFR 1910.1020"


@pytest.fixture
def system(database: Database) -> Iterator[System]:
    """A system of this test alone: policies and holds are everybody's."""
    system = System(database, two_persons=False)
    yield system
    system.close()


def a_policy(kind: RecordKind, days: int, course_id: UUID | None = None) -> SetRetention:
    return SetRetention(kind=kind, days=days, basis=BASIS, course_id=course_id)


def an_expiry(kind: RecordKind, id: UUID) -> ExpireRecord:
    return ExpireRecord(kind=kind, record_id=id)


def test_a_record_expires_when_its_policy_says_so(system: System, given: Given) -> None:
    person, author = given.a_person(), given.a_person(Role.INSTRUCTOR)
    done = given.a_completed_enrollment(person, given.a_published_course(author))
    expiring = an_expiry(RecordKind.ENROLLMENT, done.id)
    system.when(expiring, SYSTEM, now=NOW + 9999 * DAY).refuses(NotExpired)  # no policy at all
    system.when(a_policy(RecordKind.ENROLLMENT, 30)).then(
        RetentionPolicies.Opened, RetentionPolicies.PolicySet
    )
    system.when(expiring, SYSTEM, now=NOW + 29 * DAY).refuses(NotExpired)
    system.when(expiring, SYSTEM, now=NOW + 30 * DAY).then(ExpiredRecord.Expired)
    system.when(expiring, SYSTEM, now=NOW + 31 * DAY).then()


def test_a_policy_for_a_course_goes_before_the_one_for_all(system: System, given: Given) -> None:
    person, author = given.a_person(), given.a_person(Role.INSTRUCTOR)
    course = given.a_published_course(author)
    done = given.a_completed_enrollment(person, course)
    expiring = an_expiry(RecordKind.ENROLLMENT, done.id)
    system.dispatch(a_policy(RecordKind.ENROLLMENT, 1))
    system.dispatch(a_policy(RecordKind.ENROLLMENT, 100, course.id))
    system.when(expiring, SYSTEM, now=NOW + 50 * DAY).refuses(NotExpired)
    system.dispatch(RemoveRetention(kind=RecordKind.ENROLLMENT, course_id=course.id))
    system.when(expiring, SYSTEM, now=NOW + 50 * DAY).then(ExpiredRecord.Expired)


def test_what_is_still_worked_on_does_not_expire(system: System, given: Given) -> None:
    person, author = given.a_person(), given.a_person(Role.INSTRUCTOR)
    begun = given.an_enrollment(person, given.a_published_course(author))
    system.dispatch(a_policy(RecordKind.ENROLLMENT, 1))
    system.dispatch(a_policy(RecordKind.ACCOUNT, 1))
    later = NOW + 100 * DAY
    system.when(an_expiry(RecordKind.ENROLLMENT, begun.id), SYSTEM, now=later).refuses(NotExpired)
    system.when(an_expiry(RecordKind.ACCOUNT, person.id), SYSTEM, now=later).refuses(NotExpired)


def test_an_account_that_expires_is_a_person_erased(system: System, given: Given) -> None:
    person = given.a_person()
    system.dispatch(a_policy(RecordKind.ACCOUNT, 365))
    system.dispatch(DeactivateLearner(learner_id=person.id))
    system.dispatch(an_expiry(RecordKind.ACCOUNT, person.id), SYSTEM, now=NOW + 365 * DAY)
    learner = system.log.find_latest(Learner, person.id)
    assert learner is not None
    assert learner.erased


def test_an_account_waits_for_every_record_that_a_policy_keeps(
    system: System, given: Given
) -> None:
    """Whoever sends the command: it asks the log."""
    person, author = given.a_person(), given.a_person(Role.INSTRUCTOR)
    course = given.a_published_course(author)
    given.a_completed_enrollment(person, course)
    said = SubmitFeedback(course_id=course.id, rating=5, feedback_text="Good")
    feedback = system.dispatch(said, person.actor).id
    system.dispatch(a_policy(RecordKind.ACCOUNT, 1))
    system.dispatch(a_policy(RecordKind.FEEDBACK, 100))
    system.dispatch(DeactivateLearner(learner_id=person.id))
    closing = an_expiry(RecordKind.ACCOUNT, person.id)
    system.when(closing, now=NOW + 99 * DAY).refuses(NotExpired)
    system.dispatch(an_expiry(RecordKind.FEEDBACK, feedback), now=NOW + 100 * DAY)
    system.dispatch(a_policy(RecordKind.FEEDBACK, 200))
    assert system.dispatch(closing, now=NOW + 101 * DAY), "what has expired keeps nobody"


def test_records_of_a_person_are_found_by_an_index(system: System, given: Given) -> None:
    person = given.a_person()
    with system.pool.connection() as connection:
        connection.execute("SET LOCAL enable_seqscan = off")
        plan = connection.execute(f"EXPLAIN {RECORDS_OF}", (person.id,)).fetchall()
    assert "events_of_records" in str(plan)


def test_who_enrols_again_after_it_has_expired_begins_anew(system: System, given: Given) -> None:
    person, author = given.a_person(), given.a_person(Role.INSTRUCTOR)
    course = given.a_published_course(author)
    done = given.a_completed_enrollment(person, course)
    first = system.dispatch(IssueCertificate(enrollment_id=done.id), SYSTEM).id
    enrolling, expiring = (
        EnrollLearner(course_id=course.id),
        an_expiry(RecordKind.ENROLLMENT, done.id),
    )
    system.when(enrolling, person.actor).refuses(AlreadyEnrolled)
    system.dispatch(a_policy(RecordKind.ENROLLMENT, 30))
    system.dispatch(expiring, SYSTEM, now=NOW + 30 * DAY)

    outcome = system.when(enrolling, person.actor, now=NOW + 31 * DAY)
    outcome.then(Enrollment.Reinstated)
    assert outcome.facts[0].anew
    learning = UpdateProgress(enrollment_id=done.id, lesson_id=done.lessons[0], percent=100)
    outcome = system.when(learning, person.actor, now=NOW + 32 * DAY)
    outcome.then(Enrollment.ProgressUpdated, Enrollment.LessonCompleted, Enrollment.Completed)
    again = IssueCertificate(enrollment_id=done.id)
    second = system.dispatch(again, SYSTEM).id
    assert second != first
    system.when(again, SYSTEM).refuses(AlreadyCertified)

    system.when(expiring, SYSTEM, now=NOW + 61 * DAY).refuses(NotExpired)
    system.when(expiring, SYSTEM, now=NOW + 62 * DAY).then(ExpiredRecord.Expired)
    system.when(expiring, SYSTEM, now=NOW + 63 * DAY).then()


def test_what_was_written_in_an_expired_record_is_unreadable_and_the_person_is_not(
    system: System, given: Given
) -> None:
    person, author = given.a_person(), given.a_person(Role.INSTRUCTOR)
    course = given.a_published_course(author)
    given.an_enrollment(person, course)

    def say(text: str, day: int) -> UUID:
        said = SubmitFeedback(course_id=course.id, rating=day % 5 + 1, feedback_text=text)
        return system.dispatch(said, person.actor, now=NOW + day * DAY).id

    def read() -> list[str | None]:
        """As a process reads it that has read nothing before."""
        other = system.another()
        events: list[Any] = list(other.log.events.get(feedback))
        learner = other.log.find_latest(Learner, person.id)
        other.close()
        assert learner is not None
        assert learner.full_name == "Jane Doe"
        return [event.feedback_text for event in events]

    feedback = say("Too slow", 0)
    system.dispatch(a_policy(RecordKind.FEEDBACK, 30))
    assert read() == ["Too slow"]
    expiring = an_expiry(RecordKind.FEEDBACK, feedback)
    system.dispatch(expiring, SYSTEM, now=NOW + 30 * DAY)
    assert read() == [EXPIRED]
    say("Better now", 31)
    assert read() == [EXPIRED, "Better now"]
    system.dispatch(expiring, SYSTEM, now=NOW + 61 * DAY)
    assert read() == [EXPIRED, EXPIRED]


def test_a_text_that_is_written_while_its_record_expires_stays_readable(
    system: System, given: Given
) -> None:
    """Whoever comes first: it is kept by what was decided after it, or belongs to a new life."""
    course = given.a_published_course(given.a_person(Role.INSTRUCTOR))
    system.dispatch(a_policy(RecordKind.FEEDBACK, 30))
    other = system.another()
    for _ in range(5):
        person = given.a_person()
        given.an_enrollment(person, course)
        first = SubmitFeedback(course_id=course.id, rating=1, feedback_text="Old")
        feedback = system.dispatch(first, person.actor).id
        again = SubmitFeedback(course_id=course.id, rating=5, feedback_text="New")
        expiring = an_expiry(RecordKind.FEEDBACK, feedback)
        later = NOW + 30 * DAY
        at_once(
            partial(other.when, again, person.actor, now=later),
            partial(system.when, expiring, SYSTEM, now=later),
        )
        events: list[Any] = list(system.log.events.get(feedback))
        assert events[-1].feedback_text == "New"
    other.close()


def test_nothing_that_is_held_expires_or_is_erased(system: System, given: Given) -> None:
    person, author = given.a_person(), given.a_person(Role.INSTRUCTOR)
    course = given.a_published_course(author)
    done = given.a_completed_enrollment(person, course)
    system.dispatch(a_policy(RecordKind.ENROLLMENT, 1))
    expiring = an_expiry(RecordKind.ENROLLMENT, done.id)
    erasing = EraseLearner(learner_id=person.id, legal_basis=LegalBasis.OBJECTION)
    for kind, subject in ((HeldKind.LEARNER, person.id), (HeldKind.COURSE, course.id)):
        hold = system.dispatch(PlaceHold(kind=kind, subject_id=subject, reason="Case 7"))
        system.when(expiring, SYSTEM, now=NOW + 9 * DAY).refuses(UnderLegalHold)
        system.when(erasing).refuses(UnderLegalHold)
        system.dispatch(ReleaseHold(hold_id=hold.id, reason="Settled"))
        system.when(ReleaseHold(hold_id=hold.id, reason="Again")).refuses(HoldNotFound)
    system.when(expiring, SYSTEM, now=NOW + 9 * DAY).then(ExpiredRecord.Expired)
    assert system.dispatch(erasing)


def test_a_hold_placed_while_an_erasure_is_decided_wins(system: System, given: Given) -> None:
    """Another process has the stream of holds in its cache, as it was before."""
    person, other = given.a_person(), system.another(two_persons=False)
    nobody = given.a_person()
    system.dispatch(PlaceHold(kind=HeldKind.LEARNER, subject_id=nobody.id, reason="Case 6"))
    erasing = EraseLearner(learner_id=nobody.id, legal_basis=LegalBasis.OBJECTION)
    other.when(erasing).refuses(UnderLegalHold)
    system.dispatch(PlaceHold(kind=HeldKind.LEARNER, subject_id=person.id, reason="Case 7"))
    erasing = EraseLearner(learner_id=person.id, legal_basis=LegalBasis.OBJECTION)
    other.when(erasing).refuses(UnderLegalHold)
    other.close()


@pytest.mark.parametrize(
    ("command", "field"),
    [
        (a_policy(RecordKind.FEEDBACK, 0), "days"),
        (a_policy(RecordKind.FEEDBACK, 99_999), "days"),
        (a_policy(RecordKind.FEEDBACK, 1, UUID(int=7)), "course_id"),
        (SetRetention(kind=RecordKind.FEEDBACK, days=1, basis=" "), "basis"),
        (PlaceHold(kind=HeldKind.COURSE, subject_id=UUID(int=7), reason="x"), "subject_id"),
    ],
)
def test_nonsense_is_refused(system: System, command: SetRetention, field: str) -> None:
    system.when(command).refuses(Invalid, field)


class Keeping(RuleBasedStateMachine):
    """However holds, policies, erasures and expiries follow each other: what is held stays."""

    given: Given
    system: System

    def __init__(self) -> None:
        super().__init__()
        self.person = self.given.a_person()
        author = self.given.a_person(Role.INSTRUCTOR)
        course = self.given.a_published_course(author)
        self.record: Enrollment = self.given.a_completed_enrollment(self.person, course)
        said = SubmitFeedback(course_id=course.id, rating=5, feedback_text="Good")
        self.feedback = self.system.dispatch(said, self.person.actor).id
        self.subjects = {HeldKind.LEARNER: self.person.id, HeldKind.COURSE: course.id}
        self.holds: list[UUID] = []
        self.days: int | None = None
        self.age = 0
        self.gone: set[UUID] = set()
        self.erased = False

    def _tried(self, command: ExpireRecord | EraseLearner, age: int = 0) -> bool:
        try:
            self.system.dispatch(command, now=NOW + age * DAY)
        except DomainError:
            return False
        return True

    @rule(kind=st.sampled_from(HeldKind))
    def hold(self, kind: HeldKind) -> None:
        command = PlaceHold(kind=kind, subject_id=self.subjects[kind], reason="Case 7")
        self.holds.append(self.system.dispatch(command).id)

    @precondition(lambda self: self.holds)
    @rule()
    def release(self) -> None:
        self.system.dispatch(ReleaseHold(hold_id=self.holds.pop(0), reason="Settled"))

    @rule(days=st.integers(1, 20))
    def set_policy(self, days: int) -> None:
        self.system.dispatch(a_policy(RecordKind.ENROLLMENT, days))
        self.system.dispatch(a_policy(RecordKind.FEEDBACK, days))
        self.days = days

    @rule(days=st.integers(1, 20))
    def time_goes_by(self, days: int) -> None:
        self.age += days

    @rule()
    def expire(self) -> None:
        due = self.days is not None and self.age >= self.days and not self.holds
        kinds = {RecordKind.ENROLLMENT: self.record.id, RecordKind.FEEDBACK: self.feedback}
        for kind, id in kinds.items():
            assert self._tried(an_expiry(kind, id), self.age) is (due or id in self.gone)
            if due:
                self.gone.add(id)

    @rule()
    def erase(self) -> None:
        command = EraseLearner(learner_id=self.person.id, legal_basis=LegalBasis.OBJECTION)
        assert self._tried(command) is (not self.holds or self._done_already())
        self.erased = self.erased or not self.holds

    def _done_already(self) -> bool:
        """Who is erased already is told so, unless a hold on themselves comes first."""
        holds = self.system.log.find_latest(LegalHolds, legal_holds_id())
        assert holds is not None
        return self.erased and not holds.is_held(self.person.id)

    @invariant()
    def the_log_says_the_same(self) -> None:
        learner = self.system.log.find_latest(Learner, self.person.id)
        assert learner is not None
        assert learner.erased is self.erased
        kinds = {RecordKind.ENROLLMENT: self.record.id, RecordKind.FEEDBACK: self.feedback}
        for kind, id in kinds.items():
            found = self.system.log.find_latest(ExpiredRecord, expired_record_id(kind, id))
            assert (found is not None) is (id in self.gone)

    def teardown(self) -> None:
        for hold in self.holds:
            self.system.dispatch(ReleaseHold(hold_id=hold, reason="The end"))
        for kind in (RecordKind.ENROLLMENT, RecordKind.FEEDBACK):
            if self.days is not None:
                self.system.dispatch(RemoveRetention(kind=kind))


def test_what_is_held_stays_whatever_happens(system: System, given: Given) -> None:
    class Here(Keeping):
        pass

    Here.system, Here.given = system, given
    case = Here.TestCase
    case.settings = settings(
        max_examples=12,
        stateful_step_count=12,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    case("runTest").runTest()
