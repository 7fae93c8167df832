"""Transactions stay short, whatever events cost."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from event_store.record import Record
from projections.entry import Entry
from projections.pace import Pace


def entry(position: int) -> Entry:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return Entry(Record(position, UUID(int=1), "course", 1, "t", b"{}", b"{}", now), lambda r: r)


def test_chunks_end_at_their_last_event_and_the_last_one_at_the_goal() -> None:
    pace = Pace(events=2)
    chunks = list(pace.chunks([entry(n) for n in (10, 20, 30, 40, 50)], upto=99))

    assert [[one.record.position for one in chunk] for chunk, _ in chunks] == [
        [10, 20],
        [30, 40],
        [50],
    ]
    assert [position for _, position in chunks] == [20, 40, 99]


def test_without_events_there_is_one_empty_chunk() -> None:
    assert list(Pace().chunks([], upto=7)) == [([], 7)]


def test_slow_events_make_smaller_chunks_and_fast_ones_larger() -> None:
    pace = Pace(events=100)
    pace.learn(100, 0.4)
    assert pace.events == 50
    pace.learn(50, 0.001)
    assert pace.events == 100


def test_a_small_batch_says_nothing_about_speed() -> None:
    pace = Pace(events=1000)
    pace.learn(3, 0.002)
    assert pace.events == 1000
