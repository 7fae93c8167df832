"""A long stream is loaded from its last snapshot, and comes out the same."""

from datetime import UTC, datetime
from uuid import uuid4

import psycopg

from domain.enrollment import Enrollment, EnrollmentSource
from domain.learner import Learner
from domain.roles import Role
from event_store.application import Log
from tests.event_store.conftest import MASTER_KEY
from tests.servers.postgres import Database

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def a_long_enrollment() -> Enrollment:
    lessons = [uuid4() for _ in range(4)]
    enrollment = Enrollment.create(
        learner_id=uuid4(),
        course_id=uuid4(),
        course_version=1,
        lessons=lessons,
        assessments=[uuid4()],
        enrolled_by=None,
        source=EnrollmentSource.SELF,
        at=NOW,
    )
    for number in range(Enrollment.SNAPSHOT_EVERY * 2 + 5):
        enrollment.update_progress(
            lesson_id=lessons[number % 4], percent=number % 100, seconds=1, at=NOW
        )
    return enrollment


def snapshots_of(database: Database) -> list[tuple[int, str]]:
    with psycopg.connect(database.owner_url) as owner:
        return owner.execute(
            "SELECT version, state::text FROM event_store.snapshots ORDER BY version"
        ).fetchall()


def test_the_state_from_a_snapshot_equals_the_state_from_all_events(
    log: Log, database: Database
) -> None:
    enrollment = a_long_enrollment()
    log.save(enrollment)
    versions = [version for version, _ in snapshots_of(database)]
    assert versions == [Enrollment.SNAPSHOT_EVERY, Enrollment.SNAPSHOT_EVERY * 2]
    with Log(database.write_url, MASTER_KEY) as fresh:
        assert fresh.find(Enrollment, enrollment.id) == enrollment


def test_a_snapshot_is_a_cache_that_may_be_deleted(log: Log, database: Database) -> None:
    enrollment = a_long_enrollment()
    log.save(enrollment)
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("DELETE FROM event_store.snapshots")
    with Log(database.write_url, MASTER_KEY) as fresh:
        assert fresh.find(Enrollment, enrollment.id) == enrollment


def test_snapshots_of_people_are_sealed(log: Log, database: Database) -> None:
    learner = Learner.register(
        id=uuid4(),
        username="jane.roe",
        email="jane@example.com",
        full_name="Jane Roe",
        roles=[Role.ADMIN],
        at=NOW,
    )
    for _ in range(Learner.SNAPSHOT_EVERY):
        learner.log_in(method="password", at=NOW)
    log.save(learner)
    [(_, state)] = snapshots_of(database)
    assert "jane" not in state.lower()
    assert "admin" not in state
    with Log(database.write_url, MASTER_KEY) as fresh:
        assert fresh.find(Learner, learner.id) == learner
