"""A projection is built anew beside the one that serves, and takes its place unnoticed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from projections import schemas
from projections.connection import connect
from projections.locks import Busy, held
from projections.opening import Superseded, open_live
from projections.rebuild import rebuild
from projections.runner import wait_until_open
from projections.source import Source
from projections.status import statuses
from tests.projections.history import History, a_course, with_lessons
from tests.projections.tally import MendedTally, NewTally, Tally
from tests.projections.test_parked import parked, refused_by_the_projection
from tests.projections.test_runner import feed, running, tallies
from tests.servers.postgres import Database


def test_a_rebuild_gives_the_same_rows_in_new_tables(source: Source, history: History) -> None:
    for _ in range(10):
        history.record(with_lessons(a_course(), 3))
    with running(source, Tally()):
        before = tallies(source)

    built = rebuild(Tally(), source)

    assert (built.schema, built.events) == ("tally_v1_b2", 50)
    assert tallies(source) == before
    assert builds(source) == [("tally_v1_b2", "live")]
    assert schema_names(source) == ["tally_v1_b2"]


def test_a_rebuild_beside_live_writes_neither_misses_nor_doubles(
    source: Source, history: History
) -> None:
    with running(source, Tally()) as runner, writing(history) as written:
        for number in range(3):
            while len(written) < 30 * (number + 1):
                feed(runner, source)
            thread = threading.Thread(target=rebuild, args=(Tally(), source))
            thread.start()
            while thread.is_alive():
                feed(runner, source)
            thread.join()
    with running(source, Tally()):
        assert tallies(source) == {id: [1, 2, 3] for id in written}
    assert builds(source) == [("tally_v1_b4", "live")]


def test_the_running_projector_goes_on_with_the_new_tables(
    source: Source, history: History
) -> None:
    with running(source, Tally()) as runner:
        rebuild(Tally(), source)
        history.record(with_lessons(a_course(), 1))
        feed(runner, source)
        wait_until_open(runner, 10)

        assert list(tallies(source).values()) == [[1, 2, 3]]


def test_reads_never_fail_and_never_go_back_while_views_are_swapped(
    source: Source, history: History, database: Database
) -> None:
    with running(source, Tally()) as runner, counting(database) as counts:
        for number in range(8):
            history.record(with_lessons(a_course(), 1))
            feed(runner, source)
            wait_until_open(runner, 10)
            rebuild(NewTally() if number == 7 else Tally(), source)

    assert counts == sorted(counts)
    assert counts[-1] == 8


def test_a_newer_version_is_built_when_the_projector_starts(
    source: Source, history: History
) -> None:
    course = with_lessons(a_course(), 1)
    history.record(course)
    with running(source, Tally()):
        pass
    with running(source, NewTally()) as runner:
        assert builds(source) == [("tally_v2", "live")]
        history.record(other := with_lessons(a_course(), 1))
        feed(runner, source)
        assert tallies(source) == {course.id: [1, 2, 3], other.id: [1, 2, 3]}


def test_an_older_projector_leaves_newer_tables_alone(source: Source, history: History) -> None:
    with running(source, NewTally()):
        pass
    with pytest.raises(Superseded):
        open_live(Tally(), source)
    with running(source, Tally()) as runner:
        history.record(with_lessons(a_course(), 1))
        feed(runner, source)
        assert tallies(source) == {}


def test_a_rebuild_with_mended_code_leaves_nothing_parked(source: Source, history: History) -> None:
    course = with_lessons(a_course(), 1)
    refused_by_the_projection(course)
    history.record(course)
    with running(source, Tally()):
        assert len(parked(source)) == 1

    rebuild(MendedTally(), source)

    assert parked(source) == []
    assert tallies(source) == {course.id: [1, 2, 3, 4]}


def test_what_a_killed_rebuild_left_is_dropped(source: Source, history: History) -> None:
    with running(source, Tally()):
        pass
    schemas.create(source.conninfo, Tally(), "tally_v1_b7", "building")

    rebuild(Tally(), source)

    assert len(builds(source)) == 1
    assert len(schema_names(source)) == 1


def test_two_rebuilds_of_one_projection_are_refused(source: Source) -> None:
    with (
        connect(source.conninfo) as connection,
        held(connection, "rebuild of tally"),
        pytest.raises(Busy),
    ):
        rebuild(Tally(), source)


@contextmanager
def writing(history: History) -> Iterator[list[object]]:
    """Courses are recorded as fast as possible; the list holds the ids of those acknowledged."""
    written: list[object] = []
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            course = with_lessons(a_course(), 1)
            history.record(course)
            written.append(course.id)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield written
    finally:
        stop.set()
        thread.join()


@contextmanager
def counting(database: Database) -> Iterator[list[int]]:
    """How many rows queries see, one after the other, all the while."""
    counts: list[int] = []
    stop = threading.Event()

    def count() -> None:
        with psycopg.connect(database.read_url, autocommit=True) as connection:
            while True:
                last_time = stop.is_set()
                row = connection.execute("SELECT count(*) FROM read_models.tally").fetchone()
                assert row is not None
                counts.append(row[0])
                if last_time:
                    return

    thread = threading.Thread(target=count)
    thread.start()
    try:
        yield counts
    finally:
        stop.set()
        thread.join()


def builds(source: Source) -> list[tuple[str, str]]:
    with connect(source.conninfo) as connection:
        return [(status.schema, status.state) for status in statuses(connection)]


def schema_names(source: Source) -> list[str]:
    with connect(source.conninfo) as connection:
        rows = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'tally%'")
        return [name for (name,) in rows.fetchall()]
