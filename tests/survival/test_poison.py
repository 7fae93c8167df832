"""An event that no code can read stops its own stream and nothing else."""

import json
from collections.abc import Callable
from uuid import UUID

import msgspec
import psycopg
import pytest

from domain.identity import enrollment_id
from event_store.recorder import insert_sql
from tests.survival.afterwards import everything_catches_up, reacted_once, views_equal_history
from tests.survival.deadline import wait_for
from tests.survival.people import Course, Person, Town, takes
from tests.survival.stack import Stack

pytestmark = pytest.mark.slow

METADATA = json.dumps(
    {
        "actor": None,
        "correlation_id": "0f0cb1a5-7f0e-4bb2-9d61-3cbd7f2a7d55",
        "command_id": "7f5a1a0e-52e5-4a7b-8f0f-6c7a1b3a9e10",
        "command": "EnrollLearner",
    }
)
AT = "2026-01-01T09:00:00Z"


class Poisoned(msgspec.Struct, frozen=True):
    """An enrolment whose first event names a source that doesn't exist."""

    id: UUID
    stack: Stack

    def mend(self) -> None:
        """Gives the event a source that exists, as only the log's owner can."""
        with psycopg.connect(self.stack.settings.database_url, autocommit=True) as owner:
            owner.execute(
                "UPDATE event_store.events SET data = replace(data::text, 'telepathy', 'self')"
                "::json WHERE stream_id = %s AND version = 1",
                [self.id],
            )


PoisonedEnrollment = Callable[[Person], Poisoned]


@pytest.fixture
def a_poisoned_enrollment(stack: Stack, a_course: Course) -> PoisonedEnrollment:
    """Written into the log by its owner: first what nobody can read, then progress."""

    def of(learner: Person) -> Poisoned:
        id = enrollment_id(learner.id, UUID(a_course.id))
        about = {"timestamp": AT, "learner_id": str(learner.id), "course_id": a_course.id}
        created = about | {
            "course_version": 1,
            "lessons": a_course.lessons,
            "assessments": [a_course.assessment_id],
            "enrolled_by": None,
            "source": "telepathy",
            "due_at": None,
        }
        lesson = {"lesson_id": a_course.lessons[0], "seconds": 60, "bookmark": None}
        progress = [about | lesson | {"percent": percent} for percent in (20, 40)]
        with psycopg.connect(stack.settings.database_url, autocommit=True) as owner:
            for version, data in enumerate([created, *progress], 1):
                type = f"enrollment.{'created' if version == 1 else 'progress_updated'}.v1"
                row = (id, "enrollment", version, type, json.dumps(data), METADATA)
                owner.execute(insert_sql(1), row)
        return Poisoned(id, stack)

    return of


def test_poison_is_parked_until_it_is_mended(
    stack: Stack, town: Town, a_course: Course, a_poisoned_enrollment: PoisonedEnrollment
) -> None:
    with town.an_admin() as admin:
        unlucky = town.a_learner(admin)
        poisoned = a_poisoned_enrollment(unlucky)
        enrolled = [takes(town.a_learner(admin), a_course) for _ in range(2)]
        everything_catches_up(stack)
        reacted_once(stack, enrolled)
        assert parked_by_projections(stack, poisoned.id) == [1, 2, 3]
        assert parked_by_policies(stack, poisoned.id) == ["notifications"]
        assert stack.is_ready()
        assert admin.asks(f"/enrollments/{poisoned.id}").status_code == 404
        assert stack.lms("projections", "retry").returncode == 1
        assert parked_by_projections(stack, poisoned.id) == [1, 2, 3]

        poisoned.mend()
        for room in ("projections", "policies"):
            done = stack.lms(room, "retry")
            assert done.returncode == 0, done.stdout + done.stderr
        everything_catches_up(stack)
        assert parked_by_projections(stack, poisoned.id) == []
        assert parked_by_policies(stack, poisoned.id) == []
        found = admin.asks(f"/enrollments/{poisoned.id}").json()
        assert (found["version"], found["lessons"][0]["percent"]) == (3, 40)
        assert stack.told(unlucky.id) == ["enrollment.created"]
        progress = {"enrollment_id": str(poisoned.id), "lesson_id": a_course.lessons[0]}
        assert unlucky.sends("PATCH", "/progress", progress | {"percent": 60})["version"] == 4
    wait_for(lambda: stack.positions_reached() >= stack.last_position(), "it goes on")
    views_equal_history(stack)


def parked_by_projections(stack: Stack, stream_id: UUID) -> list[int]:
    """The versions of the stream's events that wait, in the order they are to be applied."""
    rows = stack.ask(
        "SELECT events.version FROM projections.parked"
        " JOIN event_store.events events USING (position) WHERE parked.stream_id = %s"
        " AND parked.projection = 'enrollment' ORDER BY position",
        [stream_id],
    )
    return [version for (version,) in rows]


def parked_by_policies(stack: Stack, stream_id: UUID) -> list[str]:
    rows = stack.ask("SELECT policy FROM policies.parked WHERE stream_id = %s", [stream_id])
    return [policy for (policy,) in rows]
