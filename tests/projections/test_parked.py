"""An event that can't be applied stops its own stream, in that projection, until it is retried."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import psycopg
import pytest

from domain.course import Course, LessonKind
from projections.connection import connect
from projections.parked import Parked, parked_events
from projections.retry import Retried, retry
from projections.source import Source
from projections.status import statuses
from tests.projections.history import NOON, History, a_course, with_lessons
from tests.projections.tally import POISON, MendedTally, Tally
from tests.projections.test_runner import feed, positions_of, running, tallies
from tests.servers.postgres import Database

Spoil = Callable[[Course], None]


def refused_by_the_database(course: Course) -> None:
    course.add_module(module_id=uuid4(), title=POISON, at=NOON)


def refused_by_the_projection(course: Course) -> None:
    add_lesson(course, POISON)


def add_lesson(course: Course, title: str) -> None:
    course.add_lesson(
        module_id=next(iter(course.modules)),
        lesson_id=uuid4(),
        title=title,
        kind=LessonKind.TEXT,
        content="",
        duration_minutes=5,
        at=NOON,
    )


poisons = pytest.mark.parametrize("spoil", [refused_by_the_database, refused_by_the_projection])


@poisons
def test_a_poison_event_parks_only_its_stream(
    source: Source, history: History, spoil: Spoil
) -> None:
    with running(source, Tally()) as runner:
        sound, spoilt = with_lessons(a_course(), 1), with_lessons(a_course(), 1)
        spoil(spoilt)
        add_lesson(spoilt, "behind the poison")
        add_lesson(sound, "as before")
        history.record(spoilt)
        history.record(sound)
        feed(runner, source)

        assert tallies(source) == {spoilt.id: [1, 2, 3], sound.id: [1, 2, 3, 4]}
        assert positions_of(source)["tally"] == source.log.last()
        first, behind = parked(source)
        assert (first.stream_id, first.error is None, first.attempts) == (spoilt.id, False, 1)
        assert "Rust" not in (first.error or ""), "rows hold personal data"
        assert (behind.stream_id, behind.error, behind.attempts) == (spoilt.id, None, 0)


@poisons
def test_later_events_of_the_stream_wait_in_order_and_are_retried(
    source: Source, history: History, spoil: Spoil
) -> None:
    course = with_lessons(a_course(), 1)
    with running(source, Tally()) as runner:
        spoil(course)
        history.record(course)
        feed(runner, source)
        for title in "abc":
            add_lesson(course, title)
            history.record(course)
            feed(runner, source)
        assert tallies(source) == {course.id: [1, 2, 3]}

        assert retry(Tally(), source) == Retried(applied=0, still_parked=4)
        assert parked(source)[0].attempts == 2

        assert retry(MendedTally(), source) == Retried(applied=4, still_parked=0)
        assert tallies(source) == {course.id: [1, 2, 3, 4, 5, 6, 7]}

        add_lesson(course, "after the retry")
        history.record(course)
        feed(runner, source)
        assert tallies(source) == {course.id: [1, 2, 3, 4, 5, 6, 7, 8]}
        assert parked(source) == []


def test_a_restarted_runner_keeps_a_parked_stream_stopped(source: Source, history: History) -> None:
    course = with_lessons(a_course(), 1)
    refused_by_the_projection(course)
    history.record(course)
    with running(source, Tally()):
        pass
    add_lesson(course, "later")
    history.record(course)
    with running(source, Tally()):
        assert tallies(source) == {course.id: [1, 2, 3]}
        assert [event.error is None for event in parked(source)] == [False, True]


def test_an_event_that_cannot_be_decoded_is_parked(
    source: Source, history: History, database: Database
) -> None:
    sound = with_lessons(a_course(), 1)
    with running(source, Tally()) as runner:
        with psycopg.connect(database.owner_url) as connection:
            connection.execute(
                "INSERT INTO event_store.events"
                " (position, stream_id, stream_type, version, type, data, metadata)"
                " VALUES (1, %s, 'course', 1, 'course.created.v1', '{}', '{}')",
                (uuid4(),),
            )
        history.record(sound)
        feed(runner, source)

        assert tallies(source) == {sound.id: [1, 2, 3]}
        assert "ValidationError" in (parked(source)[0].error or "")
        with connect(source.conninfo) as connection:
            assert [status.parked for status in statuses(connection)] == [1]


def test_many_poison_streams_in_one_batch_all_park(source: Source, history: History) -> None:
    courses = [with_lessons(a_course(), 1) for _ in range(60)]
    for number, course in enumerate(courses):
        if number % 3 == 0:
            refused_by_the_projection(course)
        add_lesson(course, "last")
        history.record(course)
    with running(source, Tally()):
        counted = tallies(source)
        assert [len(counted[course.id]) for course in courses] == [3, 4, 4] * 20
        assert len(parked(source)) == 40


def parked(source: Source) -> list[Parked]:
    with connect(source.conninfo) as connection:
        return parked_events(connection, "tally")
