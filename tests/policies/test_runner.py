from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import pytest

from bus.consumer import Batch
from commands.certificate import IssueCertificate
from commands.context import Context, Recorded
from commands.course import ArchiveCourse
from commands.message import Command
from domain.assessment import Assessment
from domain.course import Course
from domain.enrollment import Enrollment
from domain.identity import enrollment_id
from event_store.errors import LogUnavailable
from event_store.record import Record
from policies.catalogue import POLICIES
from policies.certificates import Certificates
from policies.equipment import Equipment
from policies.notifications import Notifications
from policies.parked import parked_events
from policies.policy import Policy, on
from policies.positions import positions_of
from policies.reactor import Reactor
from policies.retry import Retried, retry
from policies.runner import Runner, Stopped
from policies.status import Status, statuses
from tests.commands.system import Given, Person, System, an_answer_sheet
from tests.policies.equipped import counts, query, react_to_everything
from tests.servers.postgres import Database

CERTIFIED = "certificate.issued.v1"
TOLD = "notification.created.v1"


def run(equipment: Equipment, policies: Iterable[Policy] = POLICIES) -> None:
    runner = Runner(policies, equipment, Reactor(equipment))
    react_to_everything(runner, equipment)
    runner.close()


def forget_positions(equipment: Equipment) -> None:
    with equipment.pool.connection() as connection:
        connection.execute("UPDATE policies.position SET position = 0")


def text_keys(equipment: Equipment) -> list[str]:
    sql = f"SELECT data->>'text_key' FROM event_store.events WHERE type = '{TOLD}'"
    return sorted(key for (key,) in query(equipment, sql))


# The journey


def test_the_last_pass_completes_certifies_asks_and_tells(
    system: System,
    given: Given,
    equipment: Equipment,
    an_instructor: Person,
    a_learner: Person,
    a_course_with_a_survey: Course,
) -> None:
    assessment = given.a_published_assessment(an_instructor, a_course_with_a_survey)
    given.a_completed_enrollment(a_learner, a_course_with_a_survey)
    attempt = given.an_attempt(a_learner, assessment)
    system.dispatch(an_answer_sheet(attempt, assessment, right=True), a_learner.actor)

    run(equipment)

    found = system.log.find_latest(
        Enrollment, enrollment_id(a_learner.id, a_course_with_a_survey.id)
    )
    assert found is not None
    assert found.completed_at is not None
    assert counts(equipment)[CERTIFIED] == 1
    assert text_keys(equipment) == [
        "assessment.passed",
        "certificate.issued",
        "enrollment.completed",
        "enrollment.created",
        "survey.invited",
    ]
    assert parked_events(equipment.pool) == []


def test_a_failed_attempt_completes_nothing(
    system: System,
    given: Given,
    equipment: Equipment,
    an_instructor: Person,
    a_learner: Person,
    a_course_with_a_survey: Course,
) -> None:
    assessment = given.a_published_assessment(an_instructor, a_course_with_a_survey)
    given.a_completed_enrollment(a_learner, a_course_with_a_survey)
    attempt = given.an_attempt(a_learner, assessment)
    system.dispatch(an_answer_sheet(attempt, assessment, right=False), a_learner.actor)
    run(equipment)
    assert text_keys(equipment) == ["assessment.failed", "enrollment.created"]


def test_a_reaction_tells_its_cause_and_keeps_the_correlation(
    given: Given, equipment: Equipment, a_learner: Person, a_course_with_a_survey: Course
) -> None:
    given.a_completed_enrollment(a_learner, a_course_with_a_survey)
    run(equipment)
    reactions = query(
        equipment,
        "SELECT effect.metadata->>'actor', effect.metadata->>'correlation_id'"
        " = cause.metadata->>'correlation_id' FROM event_store.events effect"
        " JOIN event_store.events cause"
        " ON cause.position = (effect.metadata->>'causation')::bigint",
    )
    assert reactions == [(None, True)] * 6


# Once, whatever comes twice


def test_events_that_come_again_do_nothing(
    given: Given, equipment: Equipment, a_learner: Person, a_course_with_a_survey: Course
) -> None:
    given.a_completed_enrollment(a_learner, a_course_with_a_survey)
    run(equipment)
    before = counts(equipment)
    forget_positions(equipment)
    run(equipment)
    assert counts(equipment) == before


def test_a_second_runner_at_the_same_time_does_nothing_twice(
    system: System, given: Given, equipment: Equipment, a_course_with_a_survey: Course
) -> None:
    for _ in range(10):
        given.a_completed_enrollment(given.a_person(), a_course_with_a_survey)
    another = system.another()
    theirs = msgspec.structs.replace(
        equipment, dispatcher=another.dispatcher, decode=another.log.mapper.decode
    )
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(run, [equipment, theirs]))
    another.close()
    found = counts(equipment)
    assert (found[CERTIFIED], found["survey_invitation.sent.v1"], found[TOLD]) == (10, 10, 40)
    assert parked_events(equipment.pool) == []


def test_what_a_person_did_first_is_a_refusal_not_a_failure(
    system: System,
    given: Given,
    equipment: Equipment,
    a_learner: Person,
    a_course_with_a_survey: Course,
) -> None:
    enrollment = given.a_completed_enrollment(a_learner, a_course_with_a_survey)
    system.dispatch(IssueCertificate(enrollment_id=enrollment.id))
    run(equipment, [Certificates()])
    assert counts(equipment)[CERTIFIED] == 1
    assert parked_events(equipment.pool) == []


# Where it begins


def test_the_first_policies_of_a_new_log_begin_at_its_beginning(
    given: Given, equipment: Equipment
) -> None:
    given.a_person()
    assert positions_of(["one", "other"], equipment.pool, equipment.log) == {"one": 0, "other": 0}


def test_a_policy_added_later_leaves_history_alone(given: Given, equipment: Equipment) -> None:
    positions_of(["old"], equipment.pool, equipment.log)
    given.a_person()
    found = positions_of(["old", "new"], equipment.pool, equipment.log)
    assert found == {"old": 0, "new": equipment.log.last()}
    given.a_person()
    assert positions_of(["old", "new"], equipment.pool, equipment.log) == found


def test_a_policy_that_is_further_than_others_gets_nothing_again(
    given: Given, equipment: Equipment, a_learner: Person, a_course_with_a_survey: Course
) -> None:
    seen = Seen()
    given.a_completed_enrollment(a_learner, a_course_with_a_survey)
    positions_of(["certificates"], equipment.pool, equipment.log)
    run(equipment, [seen, Certificates()])
    assert seen.enrollments == []
    assert counts(equipment)[CERTIFIED] == 1


def test_positions_move_past_what_nobody_follows(given: Given, equipment: Equipment) -> None:
    given.a_person()
    end = equipment.log.last()
    runner = Runner([Certificates()], equipment, Reactor(equipment))
    runner.react(Batch([], end))
    runner.note()
    runner.close()
    assert positions_of(["certificates"], equipment.pool, equipment.log) == {"certificates": end}


def test_imported_history_causes_nothing(
    database: Database,
    given: Given,
    equipment: Equipment,
    a_learner: Person,
    a_course_with_a_survey: Course,
) -> None:
    given.a_completed_enrollment(a_learner, a_course_with_a_survey)
    with psycopg.connect(database.owner_url) as connection:
        connection.execute(
            "UPDATE event_store.events"
            " SET metadata = (metadata::jsonb || '{\"imported\": true}')::json"
        )
    before = counts(equipment)
    run(equipment)
    assert counts(equipment) == before


def test_its_state_is_told(given: Given, equipment: Equipment) -> None:
    run(equipment, [Certificates()])
    given.a_person()
    lag = len(equipment.log.read(0, 100))
    assert statuses(equipment.pool, equipment.log) == [Status("certificates", 0, lag, 0)]


class Seen(Policy):
    """Remembers enrolments; does nothing."""

    name = "seen"

    def __init__(self) -> None:
        self.enrollments: list[UUID] = []

    @on(Enrollment.Created)
    def created(self, _: Enrollment.Created, record: Record) -> Iterable[Command]:
        self.enrollments.append(record.stream_id)
        return []


# What goes wrong


class Choosy(Policy):
    """Certifies completions, but chokes on one of them until it is cured."""

    name = "choosy"

    def __init__(self, poison: UUID) -> None:
        self.poison: UUID | None = poison

    @on(Enrollment.Completed)
    def completed(self, _: Enrollment.Completed, record: Record) -> Iterable[Command]:
        if record.stream_id == self.poison:
            raise ZeroDivisionError("poison")
        yield IssueCertificate(enrollment_id=record.stream_id)


def test_a_poison_event_is_parked_and_stops_nothing_else(
    given: Given, equipment: Equipment, a_course_with_a_survey: Course
) -> None:
    enrollments = [
        given.a_completed_enrollment(given.a_person(), a_course_with_a_survey) for _ in range(3)
    ]
    choosy = Choosy(enrollments[1].id)
    run(equipment, [choosy, Notifications()])

    (parked,) = parked_events(equipment.pool)
    assert (parked.policy, parked.stream_id) == ("choosy", enrollments[1].id)
    assert (parked.error, parked.attempts) == ("ZeroDivisionError: poison", 1)
    assert counts(equipment)[CERTIFIED] == 2
    assert text_keys(equipment).count("enrollment.completed") == 3

    assert retry([choosy], equipment, Reactor(equipment)) == Retried(done=0, still_parked=1)
    assert [again.attempts for again in parked_events(equipment.pool)] == [2]

    choosy.poison = None
    assert retry([choosy], equipment, Reactor(equipment)) == Retried(done=1, still_parked=0)
    assert parked_events(equipment.pool) == []
    assert counts(equipment)[CERTIFIED] == 3


class Forbidding(Policy):
    """Wants what the system may not do."""

    name = "forbidding"

    @on(Assessment.Published)
    def published(self, event: Assessment.Published, _: Record) -> Iterable[Command]:

        yield ArchiveCourse(course_id=event.course_id)


def test_a_command_that_policies_may_not_send_is_seen(
    given: Given, equipment: Equipment, an_instructor: Person, a_course_with_a_survey: Course
) -> None:
    given.a_published_assessment(an_instructor, a_course_with_a_survey)
    run(equipment, [Forbidding()])
    (parked,) = parked_events(equipment.pool)
    assert parked.error.startswith("Forbidden")


class Unsteady:
    """A door for commands that is shut the first `shut` times."""

    def __init__(self, dispatcher: Any, shut: int) -> None:
        self._dispatcher = dispatcher
        self.shut = shut

    def dispatch(self, command: Command, context: Context) -> Recorded:
        if self.shut:
            self.shut -= 1
            raise LogUnavailable("connection refused")
        recorded: Recorded = self._dispatcher.dispatch(command, context)
        return recorded


def test_an_outage_is_waited_out(
    given: Given, equipment: Equipment, a_learner: Person, a_course_with_a_survey: Course
) -> None:
    given.a_completed_enrollment(a_learner, a_course_with_a_survey)
    unsteady: Any = Unsteady(equipment.dispatcher, shut=2)
    run(msgspec.structs.replace(equipment, dispatcher=unsteady), [Certificates()])
    assert unsteady.shut == 0
    assert counts(equipment)[CERTIFIED] == 1
    assert parked_events(equipment.pool) == []


def test_an_outage_doesn_t_keep_it_from_stopping(
    given: Given, equipment: Equipment, a_learner: Person, a_course_with_a_survey: Course
) -> None:
    given.a_completed_enrollment(a_learner, a_course_with_a_survey)
    unsteady: Any = Unsteady(equipment.dispatcher, shut=1_000_000)
    cut_off = msgspec.structs.replace(equipment, dispatcher=unsteady)
    runner = Runner([Certificates()], cut_off, Reactor(cut_off))
    with ThreadPoolExecutor(1) as threads:
        reacting = threads.submit(react_to_everything, runner, cut_off)
        while unsteady.shut == 1_000_000:
            assert not reacting.done()
        runner.close()
        with pytest.raises(Stopped):
            reacting.result(timeout=10)
    run(equipment, [Certificates()])
    assert counts(equipment)[CERTIFIED] == 1
