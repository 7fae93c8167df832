"""The projector as a process: killed in the middle of its work, doubled, cut from its servers."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import psycopg
import pytest

from projections.connection import connect
from projections.source import Source
from projections.verify import verify
from tests.projections.history import History, a_course, with_lessons
from tests.projections.tally import Tally
from tests.projections.test_runner import cut_connections
from tests.servers.postgres import Database

NOWHERE = "nats://127.0.0.1:9"
DEADLINE = 30.0


@pytest.mark.slow
def test_killed_again_and_again_it_applies_everything_once(
    source: Source, history: History, database: Database
) -> None:
    fill(database, history, courses=3_000)
    for part in range(1, 6):
        with projector(database) as process:
            wait_for(partial(has_applied, source, part * 1_500))
            process.kill()
    with projector(database):
        wait_for(lambda: position(source) == source.log.last())

    found = verify(Tally(), source)
    assert found.holds
    assert (found.rows, found.parked) == (3_000, 0)


def test_one_works_and_the_other_takes_over_when_it_dies(
    source: Source, history: History, database: Database
) -> None:
    history.record(with_lessons(a_course(), 1))
    with projector(database) as first:
        wait_for(lambda: applied(source) == 3)
        with projector(database):
            history.record(with_lessons(a_course(), 1))
            wait_for(lambda: applied(source) == 6)
            first.kill()
            history.record(with_lessons(a_course(), 1))
            wait_for(lambda: applied(source) == 9)

    assert verify(Tally(), source).holds


def test_it_goes_on_when_all_connections_are_cut(
    source: Source, history: History, database: Database
) -> None:
    with projector(database):
        for number in range(1, 4):
            history.record(with_lessons(a_course(), 1))
            wait_for(partial(has_applied, source, number * 3))
            cut_connections(database)

    assert verify(Tally(), source).holds


def fill(database: Database, history: History, *, courses: int) -> None:
    """A long history in no time: the same five events for each of many courses."""
    history.record(course := with_lessons(a_course(), 3))
    with psycopg.connect(database.owner_url) as connection:
        connection.execute(
            "INSERT INTO event_store.events"
            " (position, stream_id, stream_type, version, type, data, metadata)"
            " SELECT 10 * number + version, md5(number::text)::uuid, stream_type, version, type,"
            " data, metadata FROM event_store.events, generate_series(1, %s) AS number"
            " WHERE stream_id = %s",
            (courses, course.id),
        )
        connection.execute("DELETE FROM event_store.events WHERE stream_id = %s", (course.id,))


@contextmanager
def projector(database: Database) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.projections.projector", database.project_url, NOWHERE]
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.005)


def applied(source: Source) -> int:
    """How many events the live table has counted."""
    rows = query(source, "SELECT coalesce(sum(events), 0) FROM read_models.tally")
    return int(rows[0][0]) if rows else 0


def has_applied(source: Source, events: int) -> bool:
    return applied(source) >= events


def position(source: Source) -> int:
    rows = query(source, "SELECT position FROM projections.position WHERE name = 'tally'")
    return int(rows[0][0]) if rows else 0


def query(source: Source, sql: str) -> Sequence[tuple[Any, ...]]:
    """Nothing while there is no such table yet."""
    with connect(source.conninfo) as connection:
        try:
            return connection.execute(sql.encode()).fetchall()
        except psycopg.errors.UndefinedTable:
            return []
