"""All projections get every event once, whatever happens to connections, batches and rivals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from bus.consumer import Batch
from domain.learner import Learner
from domain.roles import Role
from projections import schemas
from projections.connection import connect
from projections.failure import Fenced
from projections.learner import LearnerProjection
from projections.opening import AheadOfLog, open_live
from projections.projection import Projection
from projections.runner import Runner, wait_until_open
from projections.source import Source
from projections.status import positions
from projections.track import Track
from tests.projections.history import NOON, History, a_course, with_lessons
from tests.projections.tally import Tally
from tests.servers.postgres import Database


def test_a_projection_fills_its_tables_in_order(source: Source, history: History) -> None:
    course = with_lessons(a_course(), 3)
    history.record(course)

    with running(source, Tally()) as runner:
        assert tallies(source) == {course.id: [1, 2, 3, 4, 5]}

        course.publish(at=NOON)
        other = with_lessons(a_course(), 1)
        history.record(course, other)
        feed(runner, source)

        assert tallies(source) == {course.id: [1, 2, 3, 4, 5], other.id: [1, 2, 3]}


def test_positions_advance_over_events_that_nobody_follows(
    source: Source, history: History
) -> None:
    with running(source, Tally(), LearnerProjection()) as runner:
        history.record(a_learner())
        feed(runner, source)

        assert positions_of(source) == {
            "tally": source.log.last(),
            "learner": source.log.last(),
        }


def test_a_batch_that_comes_twice_is_applied_once(source: Source, history: History) -> None:
    with running(source, Tally()) as runner:
        course = with_lessons(a_course(), 2)
        history.record(course)
        records = source.log.read(0, 1000)
        for _ in range(2):
            runner.apply(Batch(records, records[-1].position))

        assert tallies(source) == {course.id: [1, 2, 3, 4]}


def test_two_runners_at_once_apply_everything_once(source: Source, history: History) -> None:
    with running(source, Tally()) as one, running(source, Tally()) as other:
        for _ in range(20):
            history.record(with_lessons(a_course(), 2))
            feed(one, source)
            feed(other, source)
        for runner in (one, other):
            wait_until_open(runner, 10)

        assert list(tallies(source).values()) == [[1, 2, 3, 4]] * 20
        assert positions_of(source)["tally"] == source.log.last()


def test_a_track_whose_position_was_moved_changes_nothing(source: Source, history: History) -> None:
    with running(source, Tally()):
        pass
    with opened(source) as late, opened(source) as first:
        history.record(with_lessons(a_course(), 1))
        source.catch_up(first)
        with pytest.raises(Fenced):
            source.catch_up(late)

    assert list(tallies(source).values()) == [[1, 2, 3]]


def test_a_lost_connection_is_opened_again(
    source: Source, history: History, database: Database
) -> None:
    with running(source, Tally()) as runner:
        history.record(with_lessons(a_course(), 1))
        feed(runner, source)
        cut_connections(database)

        history.record(with_lessons(a_course(), 1))
        feed(runner, source)
        wait_until_open(runner, 10)

        assert list(tallies(source).values()) == [[1, 2, 3]] * 2


def test_an_idle_projection_survives_a_lost_connection(
    source: Source, history: History, database: Database
) -> None:
    with running(source, Tally(), LearnerProjection()) as runner:
        history.record(a_learner())
        feed(runner, source)
        cut_connections(database)
        history.record(a_learner())
        feed(runner, source)
        wait_until_open(runner, 10)

        assert set(positions_of(source).values()) == {source.log.last()}


def test_tables_that_are_ahead_of_the_log_are_refused(
    source: Source, history: History, database: Database
) -> None:
    with running(source, Tally()):
        pass
    with psycopg.connect(database.owner_url) as connection:
        connection.execute("UPDATE projections.position SET position = 2 ^ 60")

    with pytest.raises(AheadOfLog):
        open_live(Tally(), source)


def test_the_read_role_sees_the_views_and_changes_nothing(
    source: Source, history: History, database: Database
) -> None:
    with running(source, Tally()):
        pass
    with psycopg.connect(database.read_url, autocommit=True) as connection:
        assert connection.execute("SELECT * FROM read_models.tally").fetchall() == []
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DELETE FROM read_models.tally")


def test_the_projector_makes_schemas_for_builds_only(database: Database) -> None:
    with connect(database.project_url) as connection:
        with pytest.raises(psycopg.errors.RaiseException):
            connection.execute("SELECT projections.drop_schema('event_store')")
        with pytest.raises(psycopg.errors.RaiseException):
            connection.execute("SELECT projections.create_schema('public')")


def a_learner() -> Learner:
    return Learner.register(
        id=uuid4(),
        username="jane",
        email="jane@example.com",
        full_name="Jane Doe",
        roles=[Role.EMPLOYEE],
        at=NOON,
    )


@contextmanager
def running(source: Source, *projections: Projection) -> Iterator[Runner]:
    """A runner whose projections have all caught up."""
    runner = Runner(projections, source)
    try:
        wait_until_open(runner, 10)
        yield runner
    finally:
        runner.close()


def feed(runner: Runner, source: Source) -> None:
    """Everything new, as the consumer would hand it over."""
    end = source.log.last()
    runner.apply(Batch(source.log.read(runner.position, 10_000, upto=end), end))


@contextmanager
def opened(source: Source) -> Iterator[Track]:
    with connect(source.conninfo) as connection:
        build = schemas.live(connection, "tally")
    assert build is not None
    with Track.open(Tally(), source.conninfo, build.schema) as track:
        yield track


def tallies(source: Source) -> dict[Any, Sequence[int]]:
    """The versions that were counted, by stream; the count must agree."""
    with connect(source.conninfo) as connection:
        rows = connection.execute("SELECT id, events, versions FROM read_models.tally").fetchall()
    assert all(events == len(versions) for _, events, versions in rows)
    return {id: versions for id, _, versions in rows}


def positions_of(source: Source) -> dict[str, int]:
    with connect(source.conninfo) as connection:
        return positions(connection)


def cut_connections(database: Database) -> None:
    """As a restart of Postgres would, for the projections' connections."""
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name LIKE 'projector %' AND datname = current_database()"
        )
