"""Long streams are read from their snapshots, and told the same as from the log alone."""

from typing import LiteralString
from uuid import UUID, uuid4

import psycopg
import pytest

from domain.enrollment import Enrollment, EnrollmentSource
from domain.learner import Learner
from domain.roles import Role
from read_api.history import SELECT
from read_api.lives.archive import BEGINNINGS, FROM_THE_LOG_ALONE, SNAPSHOT
from read_api.lives.tree import OF_STREAMS
from tests.commands.system import NOW, Person, System
from tests.read_api.reading import Json, Reading
from tests.servers.postgres import Database

METADATA = (
    b'{"correlation_id": "00000000-0000-0000-0000-000000000001", "command": "Learn",'
    b' "command_id": "00000000-0000-0000-0000-000000000002"}'
)
EVENTS = FROM_THE_LOG_ALONE + 90


@pytest.fixture(scope="module")
def long_enrollment(system: System) -> Enrollment:
    return an_enrollment(system, EVENTS)


@pytest.fixture(scope="module")
def long_learner(system: System) -> UUID:
    return a_learner_of_long_standing(system)


def a_learner_of_long_standing(system: System) -> UUID:
    """Somebody who has changed their name, and logged in a lot."""
    learner = Learner.register(
        id=uuid4(),
        username=uuid4().hex,
        email="olga@example.com",
        full_name="Olga Long",
        roles=[Role.EMPLOYEE],
        at=NOW,
    )
    for number in range(EVENTS):
        if number % 100:
            learner.log_in(method="password", at=NOW)
        else:
            learner.update(full_name=f"Olga Long {number}", at=NOW)
    system.log.append([learner], metadata=METADATA)
    return learner.id


def an_enrollment(system: System, events: int) -> Enrollment:
    lessons = [uuid4() for _ in range(5)]
    enrollment = Enrollment.create(
        learner_id=uuid4(),
        course_id=uuid4(),
        course_version=1,
        lessons=lessons,
        assessments=[],
        enrolled_by=uuid4(),
        source=EnrollmentSource.MANAGER,
        at=NOW,
    )
    for number in range(events - 1):
        lesson = lessons[number % 5]
        enrollment.update_progress(lesson_id=lesson, percent=number % 99, seconds=1, at=NOW)
    system.log.append([enrollment], metadata=METADATA)
    return enrollment


def without_snapshots(database: Database, stream_id: UUID) -> int:
    """Deletes those of a stream; says how many there were."""
    with psycopg.connect(database.owner_url) as owner:
        return owner.execute(
            "DELETE FROM event_store.snapshots WHERE stream_id = %s", (stream_id,)
        ).rowcount


def told(reading: Reading, by: Person, stream_id: UUID) -> list[Json]:
    """All of what a long life has to tell, from the page that begins behind a snapshot on."""
    path, params = f"/audit/streams/{stream_id}", {"limit": 200}
    pages = [reading.ok(path, by, params=params)]
    while pages[-1]["next_cursor"]:
        cursor = {"cursor": pages[-1]["next_cursor"]}
        pages.append(reading.ok(path, by, params=params | cursor))
    states = [
        reading.ok(f"{path}/state", by, params={"version": version})
        for version in (1, FROM_THE_LOG_ALONE - 1, FROM_THE_LOG_ALONE + 60, EVENTS)
    ]
    return [*pages, *states]


@pytest.mark.parametrize("kind", ["long_enrollment", "long_learner"])
def test_a_long_life_is_told_the_same_without_its_snapshots(
    reading: Reading,
    shared_database: Database,
    an_auditor: Person,
    request: pytest.FixtureRequest,
    kind: str,
) -> None:
    stream = request.getfixturevalue(kind)
    stream_id = stream if isinstance(stream, UUID) else stream.id
    with_them = told(reading, an_auditor, stream_id)
    assert without_snapshots(shared_database, stream_id) > 0
    assert told(reading, an_auditor, stream_id) == with_them
    assert with_them[-1]["unreadable"] == []


def test_what_a_snapshot_does_not_hold_is_known_behind_it(
    reading: Reading, system: System, an_auditor: Person
) -> None:
    enrollment = an_enrollment(system, EVENTS)
    path = f"/audit/streams/{enrollment.id}/state"
    state = reading.ok(path, an_auditor)["state"]
    assert state["source"] == "manager"
    assert state["enrolled_by"] is not None


def test_of_erased_people_a_snapshot_tells_nothing(
    reading: Reading, system: System, shared_database: Database, an_auditor: Person
) -> None:
    erased = a_learner_of_long_standing(system)
    with psycopg.connect(shared_database.owner_url) as owner:
        owner.execute(
            "UPDATE event_store.personal_keys SET wrapped_key = NULL, destroyed_at = now()"
            " WHERE person_id = %s",
            (erased,),
        )
    state = reading.ok(f"/audit/streams/{erased}/state", an_auditor)["state"]
    assert state["full_name"] == "erased person"


@pytest.mark.parametrize(
    ("sql", "params"),
    [
        (SNAPSHOT, (uuid4(), 10_000)),
        (BEGINNINGS, ([uuid4()], [500])),
        (OF_STREAMS, ([uuid4()], [2**40], ["course.created.v1"])),
        (f"{SELECT} WHERE position = ANY(%s)", ([7],)),
        (f"{SELECT} WHERE stream_id = %s AND version > %s ORDER BY version LIMIT 51", (uuid4(), 9)),
    ],
)
def test_nothing_reads_the_whole_log(
    shared_database: Database, sql: LiteralString, params: tuple[object, ...]
) -> None:
    with psycopg.connect(shared_database.read_url) as connection:
        connection.execute("SET enable_seqscan = off")
        plan = connection.execute(f"EXPLAIN {sql}", params).fetchall()
    text = "\n".join(line for (line,) in plan)
    assert "Seq Scan" not in text
    assert "Index" in text
