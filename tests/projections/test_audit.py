"""Given whatever stands in the log, by what it can be found."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

import msgspec
import psycopg
import pytest

from access.actor import Actor
from commands.course import CreateCourse
from domain.catalogue import AGGREGATES
from domain.certificate import Certificate
from domain.roles import Role
from event_store.addresses import Clients, canonical_address
from event_store.bearing import Bearing
from event_store.event_type import EventTypes
from projections.audit import AuditProjection, subjects, type_id
from projections.connection import connect
from projections.opening import open_live
from projections.projection import stored_types
from projections.rebuild import rebuild
from projections.source import Source
from projections.verify import verify
from tests.commands.system import System
from tests.projections.history import MASTER_KEY, History, a_course
from tests.projections.story import AT, a_uuid
from tests.servers.postgres import Database

LEARNER, COURSE, ENROLLMENT = a_uuid(1), a_uuid(2), a_uuid(3)
NOBODY = UUID(int=0)
APPEND = (
    "INSERT INTO event_store.events"
    " (position, stream_id, stream_type, version, type, data, metadata, recorded_at)"
    " VALUES ((pg_current_xact_id()::text::bigint << 16), %s, %s, 1, %s, %s, %s, %s)"
)


def append(database: Database, type: str, data: object, stream: UUID, **metadata: object) -> None:
    told = {"correlation_id": a_uuid(9), "command_id": a_uuid(8), "command": "X", **metadata}
    row = (stream, type.partition(".")[0], type, *map(_json, (data, told)), AT[0])
    with psycopg.connect(database.owner_url) as owner:
        owner.execute(APPEND, row)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def bearings(source: Source) -> set[tuple[UUID, Bearing]]:
    open_live(AuditProjection(), source).close()
    with connect(source.conninfo, "audit_v1") as connection:
        rows = connection.execute("SELECT id, bearing FROM audit_entry").fetchall()
    return {(id, Bearing(bearing)) for id, bearing in rows}


def test_an_event_is_found_by_whatever_it_bears_on(
    source: Source, history: History, database: Database
) -> None:
    certificate = Certificate.issue(
        learner_id=LEARNER,
        course_id=COURSE,
        course_title="Rust",
        course_version=1,
        enrollment_id=ENROLLMENT,
        holder_name="Jane Doe",
        completed_at=AT[0],
        at=AT[1],
    )
    data = {"learner_id": LEARNER, "course_id": COURSE, "enrollment_id": ENROLLMENT}
    append(
        database,
        "certificate.issued.v1",
        {**data, "holder_name": "sealed.v1.AAAA"},
        certificate.id,
        actor=a_uuid(4),
        on_behalf_of=a_uuid(5),
    )
    assert bearings(source) == {
        (NOBODY, Bearing.ANY),
        (certificate.id, Bearing.STREAM),
        (LEARNER, Bearing.ABOUT),
        (COURSE, Bearing.ABOUT),
        (ENROLLMENT, Bearing.ABOUT),
        (a_uuid(4), Bearing.ACTOR),
        (a_uuid(5), Bearing.BEHALF),
        (a_uuid(9), Bearing.CORRELATION),
    }


@pytest.mark.parametrize("unreadable", ["owl.seen.v1", "course.published.v99"])
def test_an_event_that_nobody_here_knows_is_found_too(
    source: Source, database: Database, unreadable: str
) -> None:
    append(database, unreadable, {"seen_by": LEARNER, "wings": 2}, COURSE)
    assert {(LEARNER, Bearing.ABOUT), (COURSE, Bearing.STREAM)} < bearings(source)
    with connect(source.conninfo, "audit_v1") as connection:
        kinds = connection.execute("SELECT id, name, kind FROM audit_type").fetchall()
    assert kinds == [(type_id(unreadable), unreadable, unreadable.partition(".")[0])]


def test_parts_and_texts_are_no_subjects() -> None:
    data = {
        "lesson_id": a_uuid(1),
        "lessons": [a_uuid(2)],
        "title": f"About {a_uuid(3)}",
        "shouted": str(UUID(int=0xABC << 100)).upper(),
        "members": [a_uuid(4), a_uuid(5)],
        "by": None,
        "question": {"id": a_uuid(6)},
    }
    assert [*subjects(msgspec.json.encode(data))] == [str(a_uuid(4)), str(a_uuid(5))]


def test_no_two_types_of_event_have_the_same_id() -> None:
    names = [name for each in EventTypes(AGGREGATES) for name in stored_types(each.event_class)]
    assert len({type_id(name) for name in names}) == len(names)


def test_addresses_are_found_until_their_person_is_erased(
    source: Source, database: Database
) -> None:
    system, stays, goes = System(database), uuid4(), uuid4()
    for person in (stays, goes):
        system.dispatch(
            CreateCourse(title="Rust"),
            Actor(person, frozenset({Role.ADMIN})),
            source_address="::ffff:203.0.113.7",
            on_behalf_of=goes,
        )
    address = Clients(system.log.keys, MASTER_KEY).hash("203.0.113.7")
    assert (address, Bearing.ADDRESS) in bearings(source)
    assert addresses(source) == [(stays, 1), (goes, 1)] or addresses(source) == [
        (goes, 1),
        (stays, 1),
    ]
    append(database, "learner.erased.v1", {"legal_basis": "consent"}, goes)
    bearings(source)
    assert addresses(source) == [(stays, 1)]
    system.close()


def addresses(source: Source) -> list[tuple[UUID, int]]:
    """Who can be found by an address, and how often."""
    with connect(source.conninfo, "audit_v1") as connection:
        return connection.execute(
            "SELECT actor.id, count(*) FROM audit_entry AS address"
            " JOIN audit_entry AS actor ON actor.position = address.position AND actor.bearing = 3"
            " WHERE address.bearing = 6 GROUP BY 1"
        ).fetchall()


def test_built_anew_it_is_the_same(source: Source, history: History) -> None:
    history.record(a_course(), a_course())
    bearings(source)
    assert verify(AuditProjection(), source).holds
    assert rebuild(AuditProjection(), source).events == 2
    assert verify(AuditProjection(), source).holds


def test_the_minutes_tell_between_which_positions_their_events_stand(
    source: Source, database: Database
) -> None:
    for _ in range(2):
        append(database, "owl.seen.v1", {}, uuid4())
    bearings(source)
    append(database, "owl.seen.v1", {}, uuid4())
    bearings(source)
    with connect(source.conninfo, "audit_v1") as connection:
        ((minute, first, last),) = connection.execute("SELECT * FROM audit_minute").fetchall()
        positions = connection.execute("SELECT min(position), max(position) FROM audit_entry")
        assert (first, last) == positions.fetchone()
    assert minute == datetime(2026, 3, 14, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
        ("the office", None),
        ("203.0.113.007", None),
    ],
)
def test_an_address_has_one_form(written: str, canonical: str | None) -> None:
    assert canonical_address(written) == canonical
