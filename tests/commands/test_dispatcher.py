from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from access.actor import SYSTEM, Actor
from access.permissions import UnknownOperation
from commands.context import Recorded
from commands.course import AddLesson, ChangeCourseDetails, CreateCourse, PublishCourse
from commands.dispatcher import MAX_TRIES
from commands.enrollment import EnrollLearner, UpdateProgress
from commands.errors import IdempotencyKeyReused, TooMuchContention, VersionMismatch
from commands.learner import RegisterLearner, UpdateLearner
from commands.message import Command, handles
from commands.work import Work
from domain.course import Course, CourseIsEmpty
from domain.enrollment import AlreadyEnrolled, Enrollment
from domain.errors import Forbidden, Invalid
from domain.learner import Learner
from domain.unique_name import NameTaken, UniqueName
from event_store.errors import VersionConflict
from tests.commands.system import ADMIN, Given, Outcome, Person, System
from tests.commands.together import at_once, facts, refusals


def progress(enrollment: Enrollment, percent: int = 10, seconds: int = 0) -> UpdateProgress:
    return UpdateProgress(
        enrollment_id=enrollment.id,
        lesson_id=enrollment.lessons[0],
        percent=percent,
        seconds=seconds,
    )


# The same idempotency key


def test_a_repeat_gets_the_first_answer_and_does_nothing(
    system: System, a_learner: Person, an_open_enrollment: Enrollment
) -> None:
    command, key = progress(an_open_enrollment), str(uuid4())
    first = system.when(command, a_learner.actor, idempotency_key=key)
    repeat = system.when(command, a_learner.actor, idempotency_key=key)
    assert first.then(Enrollment.ProgressUpdated) == repeat.then()


def test_a_repeat_of_what_changed_nothing_gets_the_same_answer(
    system: System, a_learner: Person, an_open_enrollment: Enrollment
) -> None:
    system.dispatch(progress(an_open_enrollment, 50), a_learner.actor)
    command, key = progress(an_open_enrollment, 40), str(uuid4())
    first = system.when(command, a_learner.actor, idempotency_key=key).then()
    system.dispatch(progress(an_open_enrollment, 60), a_learner.actor)
    assert system.when(command, a_learner.actor, idempotency_key=key).then() == first


def test_a_key_is_good_for_one_command(
    system: System, a_learner: Person, an_open_enrollment: Enrollment
) -> None:
    key = str(uuid4())
    system.dispatch(progress(an_open_enrollment, 10), a_learner.actor, idempotency_key=key)
    other = progress(an_open_enrollment, 20)
    refused = system.when(other, a_learner.actor, idempotency_key=key)
    refused.refuses(IdempotencyKeyReused, "Idempotency-Key")


def test_a_key_is_its_users_own(
    system: System, a_learner: Person, a_stranger: Person, a_published_course: Course
) -> None:
    command, key = EnrollLearner(course_id=a_published_course.id), str(uuid4())
    for person in (a_learner, a_stranger):
        system.when(command, person.actor, idempotency_key=key).then(Enrollment.Created)


def test_a_refusal_uses_no_key_up(
    system: System, given: Given, an_instructor: Person, a_learner: Person
) -> None:
    course, key = given.a_draft_course(an_instructor), str(uuid4())
    command = EnrollLearner(course_id=course.id)
    assert system.when(command, a_learner.actor, idempotency_key=key).refusal
    system.dispatch(PublishCourse(course_id=course.id))
    system.when(command, a_learner.actor, idempotency_key=key).then(Enrollment.Created)


def test_one_key_on_many_threads_at_once_acts_once(
    system: System, another_process: System, a_learner: Person, an_open_enrollment: Enrollment
) -> None:
    command, key = progress(an_open_enrollment, seconds=5), str(uuid4())

    def on(process: System) -> Callable[[], Outcome]:
        return lambda: process.when(command, a_learner.actor, idempotency_key=key)

    outcomes = at_once(*[on(system), on(another_process)] * 3)
    assert [type(fact) for fact in facts(outcomes)] == [Enrollment.ProgressUpdated]
    assert len({outcome.recorded for outcome in outcomes}) == 1


# If-Match


def test_the_version_that_if_match_names_is_changed(
    system: System, a_learner: Person, an_open_enrollment: Enrollment
) -> None:
    outcome = system.when(progress(an_open_enrollment), a_learner.actor, expected_version=1)
    assert outcome.then(Enrollment.ProgressUpdated).version == 2


def test_another_version_is_refused(
    system: System, a_learner: Person, an_open_enrollment: Enrollment
) -> None:
    system.dispatch(progress(an_open_enrollment, 10), a_learner.actor)
    late = system.when(progress(an_open_enrollment, 20), a_learner.actor, expected_version=1)
    late.refuses(VersionMismatch)


def test_the_version_of_a_cache_that_is_behind_doesn_t_count(
    system: System, another_process: System, a_learner: Person, an_open_enrollment: Enrollment
) -> None:
    another_process.dispatch(progress(an_open_enrollment, 10), a_learner.actor)
    outcome = system.when(progress(an_open_enrollment, 20), a_learner.actor, expected_version=2)
    assert outcome.then(Enrollment.ProgressUpdated).version == 3


# Others at work


def test_a_stale_cache_leads_to_another_try_not_to_a_lost_update(
    system: System, another_process: System, a_learner: Person, an_open_enrollment: Enrollment
) -> None:
    another_process.dispatch(progress(an_open_enrollment, 30, seconds=7), a_learner.actor)
    system.when(progress(an_open_enrollment, 20, seconds=5), a_learner.actor).then(
        Enrollment.ProgressUpdated
    )
    found = another_process.log.find_latest(Enrollment, an_open_enrollment.id)
    assert found is not None
    (progressed,) = found.progress.values()
    assert (progressed.percent, progressed.seconds) == (30, 12)


def test_a_refusal_that_rests_on_a_stale_cache_is_reconsidered(
    system: System,
    another_process: System,
    given: Given,
    an_instructor: Person,
) -> None:
    course = given.a_draft_course(an_instructor)
    system.dispatch(PublishCourse(course_id=course.id))
    module = next(iter(course.modules))
    another_process.dispatch(AddLesson(course_id=course.id, module_id=module, title="More"))
    system.when(PublishCourse(course_id=course.id)).then(Course.Published)


def test_a_write_in_between_is_found_and_the_command_tried_again(
    system: System,
    another_process: System,
    a_learner: Person,
    an_open_enrollment: Enrollment,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    insert = system.log.recorder.insert_events
    interfered: list[bool] = []

    def interfere(*args: Any, **kwargs: Any) -> Any:
        if not interfered:
            interfered.append(True)
            another_process.dispatch(progress(an_open_enrollment, 5), a_learner.actor)
        return insert(*args, **kwargs)

    monkeypatch.setattr(system.log.recorder, "insert_events", interfere)
    outcome = system.when(progress(an_open_enrollment, 10), a_learner.actor)
    assert outcome.then(Enrollment.ProgressUpdated).version == 3


def test_endless_conflicts_end(
    system: System,
    a_learner: Person,
    an_open_enrollment: Enrollment,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tries = []

    def conflict(*_: Any, **__: Any) -> Any:
        tries.append(True)
        raise VersionConflict

    monkeypatch.setattr(system.log.recorder, "insert_events", conflict)
    with pytest.raises(TooMuchContention):
        system.dispatch(progress(an_open_enrollment), a_learner.actor)
    assert len(tries) == MAX_TRIES


def test_many_writers_of_one_stream_all_succeed(
    system: System, another_process: System, a_learner: Person, an_open_enrollment: Enrollment
) -> None:
    def on(process: System) -> Callable[[], Outcome]:
        command = progress(an_open_enrollment, seconds=1)
        return lambda: process.when(command, a_learner.actor)

    outcomes = at_once(on(system), on(another_process), on(system), on(another_process))
    assert refusals(outcomes) == []
    found = system.log.find_latest(Enrollment, an_open_enrollment.id)
    assert found is not None
    assert sum(one.seconds for one in found.progress.values()) == 4


# What there may be only one of


def test_two_who_register_one_address_at_once(system: System, another_process: System) -> None:
    address = f"{uuid4().hex}@example.com"

    def on(process: System) -> Callable[[], Outcome]:
        name = uuid4().hex
        command = RegisterLearner(username=name, email=address, full_name="Jane Doe")
        return lambda: process.when(command)

    outcomes = at_once(on(system), on(another_process), on(system), on(another_process))
    assert refusals(outcomes) == [NameTaken] * 3
    kinds = [type(fact) for fact in facts(outcomes)]
    assert kinds == [Learner.Registered, UniqueName.Claimed, UniqueName.Claimed]


def test_an_address_is_the_same_in_other_letters(system: System) -> None:
    name = uuid4().hex
    first = RegisterLearner(username=name, email=f"{name}@example.com", full_name="Jane")
    second = RegisterLearner(
        username=f"{name}2", email=f"{name}@EXAMPLE.com".upper(), full_name="Joe"
    )
    assert system.when(first).recorded
    system.when(second).refuses(NameTaken)


def test_an_address_given_up_is_free(system: System, given: Given) -> None:
    jane = given.a_person()
    found = system.log.find_latest(Learner, jane.id)
    assert found is not None
    old = found.email
    system.when(UpdateLearner(learner_id=jane.id, email=f"new{old}"), jane.actor).then(
        Learner.Updated, UniqueName.Claimed, UniqueName.Released
    )
    heir = RegisterLearner(username=uuid4().hex, email=old, full_name="Heir")
    system.when(heir).then(Learner.Registered, UniqueName.Claimed, UniqueName.Reclaimed)


def test_enrolling_twice_at_once(
    system: System, another_process: System, a_learner: Person, a_published_course: Course
) -> None:
    def on(process: System) -> Callable[[], Outcome]:
        command = EnrollLearner(course_id=a_published_course.id)
        return lambda: process.when(command, a_learner.actor)

    outcomes = at_once(on(system), on(another_process), on(system), on(another_process))
    assert refusals(outcomes) == [AlreadyEnrolled] * 3
    assert [type(fact) for fact in facts(outcomes)] == [Enrollment.Created]


def test_nobody_is_a_manager_of_their_manager(system: System, given: Given) -> None:
    top = given.a_person()
    middle = given.a_person(manager=top)
    bottom = given.a_person(manager=middle)
    cycle = UpdateLearner(learner_id=top.id, manager_id=bottom.id)
    system.when(cycle).refuses(Invalid, "manager_id")
    myself = UpdateLearner(learner_id=top.id, manager_id=top.id)
    system.when(myself).refuses(Invalid, "manager_id")
    nobody = UpdateLearner(learner_id=top.id, manager_id=uuid4())
    system.when(nobody).refuses(Invalid, "manager_id")


def test_a_cycle_is_seen_through_a_cache_that_is_behind(
    system: System, another_process: System, given: Given
) -> None:
    one, other = given.a_person(), given.a_person()
    another_process.dispatch(UpdateLearner(learner_id=other.id, manager_id=one.id))
    cycle = UpdateLearner(learner_id=one.id, manager_id=other.id)
    system.when(cycle).refuses(Invalid, "manager_id")


# The door itself


class Forgetful(Command, frozen=True):
    course_id: Any


def test_a_command_outside_the_permission_table_is_an_error(system: System) -> None:
    with pytest.raises(UnknownOperation):
        system.dispatch(Forgetful(course_id=uuid4()))


def test_a_handler_that_forgets_its_ownership_check_lets_nobody_in(
    system: System,
    an_instructor: Person,
    another_instructor: Person,
    a_published_course: Course,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def forgetful(command: ChangeCourseDetails, work: Work) -> Course:
        course = work.get(Course, command.course_id)
        course.change_details(title=command.title, at=work.now)
        return course

    monkeypatch.setattr("commands.dispatcher.HANDLERS", {ChangeCourseDetails: forgetful})
    change = ChangeCourseDetails(course_id=a_published_course.id, title="Mine")
    system.when(change, another_instructor.actor).refuses(Forbidden)
    system.when(change, an_instructor.actor).refuses(Forbidden)


def test_a_command_has_one_handler() -> None:
    with pytest.raises(ValueError, match="two handlers"):
        handles(PublishCourse)(lambda command, work: work.get(Course, command.course_id))


def test_nobody_acts_without_a_role(system: System, a_published_course: Course) -> None:
    nobody = Actor(id=uuid4(), roles=frozenset())
    system.when(PublishCourse(course_id=a_published_course.id), nobody).refuses(Forbidden)


def test_the_log_says_who_did_it_by_which_command_and_why(
    system: System, a_learner: Person, an_open_enrollment: Enrollment
) -> None:
    correlation, command_id = uuid4(), uuid4()
    system.dispatch(
        progress(an_open_enrollment),
        a_learner.actor,
        correlation_id=correlation,
        command_id=command_id,
        causation=7,
        reason="because",
        source_address="192.0.2.1",
        user_agent="a browser",
    )
    metadata = system.metadata_of(command_id)
    assert metadata.actor == a_learner.id
    assert metadata.correlation_id == correlation
    assert (metadata.causation, metadata.command) == (7, "UpdateProgress")
    assert metadata.reason == "because"
    assert metadata.client is not None
    assert "192.0.2.1" not in metadata.client, "an address is personal data: sealed"


def test_a_draft_without_lessons_stays_a_draft(system: System, an_instructor: Person) -> None:
    created: Recorded = system.dispatch(CreateCourse(title="Empty"), an_instructor.actor)
    publish = PublishCourse(course_id=created.id)
    system.when(publish, an_instructor.actor).refuses(CourseIsEmpty)
    system.when(publish, SYSTEM).refuses(Forbidden)
    system.when(publish, ADMIN).refuses(CourseIsEmpty)
