"""Ten million events and their audit index, written in SQL: for plans and times only.

As skewed as real ones: a feed that did three in ten, an office that half of all came from, courses
that everybody takes and people who did one thing in three years. The entries are those that
`projections/audit.py` would make, for the events of one learner in one course.
"""

import threading
from collections.abc import Callable
from hashlib import md5
from typing import Final
from uuid import UUID

import psycopg

from domain.catalogue import AGGREGATES
from event_store.epoch import set_epoch
from event_store.event_type import EventTypes
from projections.audit import type_id

PEOPLE, COURSES = 100_000, 500
SHARES: Final = {
    "enrollment.lesson_completed.v1": 0.10,
    "learner.logged_in.v1": 0.08,
    "enrollment.created.v1": 0.03,
    "attempt.started.v1": 0.02,
    "attempt.submitted.v1": 0.02,
    "attempt.graded.v1": 0.02,
    "enrollment.completed.v1": 0.01,
    "certificate.issued.v1": 0.008,
    "feedback.submitted.v1": 0.005,
}
"""What is left is progress. The feed grades nothing."""
PROGRESS, RARE = "enrollment.progress_updated.v1", "course.archived.v1"

LOADING: Final = {
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "16GB",
    "maintenance_work_mem": "1GB",
    "shared_buffers": "512MB",
    "autovacuum": "off",
}
"""Options of a Postgres that is filled fast and thrown away."""


def named(what: str) -> UUID:
    """The id of one of the people, courses, … of this history: `person7`."""
    return UUID(md5(what.encode(), usedforsecurity=False).hexdigest())


FEED, OFFICE, IMPORT = named("feed"), named("office"), named("import")

_BASE = """
CREATE UNLOGGED TABLE history AS
SELECT n, n::bigint << 16 AS position, at, kind.id AS type, kind.name, learner, course,
    md5(learner::text || course)::uuid AS stream,
    CASE WHEN feed THEN %(feed)s ELSE learner END AS actor,
    CASE WHEN n %% 50 = 0 THEN %(import)s ELSE md5('correlation' || n)::uuid END AS correlation,
    CASE WHEN n %% 2 = 0 THEN %(office)s ELSE md5('address' || learner)::uuid END AS address
FROM (
    SELECT n, n %% 10 < 3 AS feed, md5('person' || (%(people)s * r ^ 3)::int)::uuid AS learner,
        md5('course' || (%(courses)s * s ^ 3)::int)::uuid AS course,
        timestamptz '2024-01-01 00:00Z' + n * (interval '1000 days' / %(events)s) AS at,
        CASE WHEN n %% (%(events)s / 10) = 0 THEN %(rare)s ELSE CASE {shares}
             ELSE %(progress)s END END AS name
    FROM (SELECT n, random() AS r, random() AS s, random() AS t
          FROM generate_series(1, %(events)s) AS n) AS dice) AS event
JOIN audit_v1.audit_type AS kind USING (name)"""

_EVENTS = """
INSERT INTO event_store.events
    (position, stream_id, stream_type, version, type, data, metadata, recorded_at)
SELECT position, stream, split_part(name, '.', 1), n, name,
    format('{"timestamp":"2026-11-24T12:00:00Z","learner_id":"%s","course_id":"%s","lesson_id":'
        '"eddc313f-081e-4a27-9835-953f0ee05c92","percent":40,"seconds":120,"bookmark":null}',
        learner, course)::json,
    format('{"actor":"%s","on_behalf_of":null,"correlation_id":"%s","causation":null,'
        '"command_id":"de4c427a-c5db-4301-bd27-ad81410fc545","command":"UpdateProgress",'
        '"reason":null,"client":"sealed.v1.%s"}', actor, correlation, repeat('A', 120))::json,
    at
FROM history"""

_ENTRIES = """
INSERT INTO audit_v1.audit_entry (id, bearing, type, position)
SELECT entry.id, entry.bearing, type, position FROM history CROSS JOIN LATERAL (VALUES
    (uuid '00000000-0000-0000-0000-000000000000', 0), (stream, 1), (learner, 2), (course, 2),
    (actor, 3), (correlation, 5), (address, 6)) AS entry (id, bearing)"""

_MINUTES = """
INSERT INTO audit_v1.audit_minute
SELECT date_trunc('minute', at), min(position), max(position) FROM history GROUP BY 1"""

_SIZES = """
SELECT pg_total_relation_size('event_store.events'), pg_total_relation_size('audit_v1.audit_entry'),
    pg_total_relation_size('audit_v1.audit_minute'), count(*) FROM event_store.events"""


class Sizes(tuple[int, int, int, int]):
    """Bytes of the log, of the entries, of the minutes; and how many events there are."""

    __slots__ = ()

    def __str__(self) -> str:
        log, entries, minutes, events = self
        return (
            f"{events:,} events: log {log / events:.0f} bytes each,"
            f" index {(entries + minutes) / events:.0f} bytes each"
        )


def fill(owner_url: str, events: int) -> Sizes:
    """Fills the empty log and the empty tables of the projection `audit`, version 1."""
    _run(owner_url, _without_keys)
    _run(owner_url, lambda connection: _base(connection, events))
    _both(owner_url, _EVENTS, _ENTRIES)
    _both(
        owner_url,
        "ALTER TABLE event_store.events ADD PRIMARY KEY (position),"
        " ADD CONSTRAINT events_stream_version UNIQUE (stream_id, version)",
        "ALTER TABLE audit_v1.audit_entry ADD PRIMARY KEY (id, bearing, type, position)",
    )
    _run(owner_url, lambda connection: _ended(connection, events))
    _both(owner_url, "ANALYZE event_store.events", "VACUUM (ANALYZE) audit_v1.audit_entry")
    with psycopg.connect(owner_url) as connection:
        row = connection.execute(_SIZES).fetchone()
    assert row is not None
    return Sizes(row)


def _without_keys(connection: psycopg.Connection) -> None:
    connection.execute("ALTER TABLE event_store.events DROP CONSTRAINT events_pkey")
    connection.execute("ALTER TABLE event_store.events DROP CONSTRAINT events_stream_version")
    connection.execute("ALTER TABLE audit_v1.audit_entry DROP CONSTRAINT audit_entry_pkey")
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO audit_v1.audit_type (id, name, kind) VALUES (%s, %s, %s)",
            [(type_id(kind.name), kind.name, kind.stream_type) for kind in EventTypes(AGGREGATES)],
        )


def _base(connection: psycopg.Connection, events: int) -> None:
    shares, below = [], 0.0
    for name, share in SHARES.items():
        below += share
        not_feed = " AND n % 10 >= 3" if name == "attempt.graded.v1" else ""
        shares.append(f"WHEN t < {below:.3f}{not_feed} THEN '{name}'".replace("%", "%%"))
    params = {
        "feed": FEED, "import": IMPORT, "office": OFFICE, "people": PEOPLE, "courses": COURSES,
        "events": events, "rare": RARE, "progress": PROGRESS,
    }  # fmt: skip
    connection.execute("SELECT setseed(0.5)")
    psycopg.ClientCursor(connection).execute(
        _BASE.replace("{shares}", " ".join(shares)).encode(), params
    )


def _ended(connection: psycopg.Connection, events: int) -> None:
    connection.execute(_MINUTES)
    connection.execute("DROP TABLE history")
    connection.execute(
        "UPDATE projections.position SET position = %s WHERE name = 'audit'", (events << 16,)
    )
    # Positions come from transaction ids, of which the load has used few.
    set_epoch(connection, events + 1)
    connection.execute("ANALYZE audit_v1.audit_type, audit_v1.audit_minute")


def _run(owner_url: str, work: Callable[[psycopg.Connection], None]) -> None:
    with psycopg.connect(owner_url, autocommit=True) as connection:
        work(connection)


def _both(owner_url: str, *statements: str) -> None:
    """Each statement on a connection of its own, at once."""
    failed: list[psycopg.Error] = []

    def work(statement: str) -> None:
        try:
            _run(owner_url, lambda connection: _ignore(connection.execute(statement.encode())))
        except psycopg.Error as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(statement,)) for statement in statements]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def _ignore(_: object) -> None:
    return None
