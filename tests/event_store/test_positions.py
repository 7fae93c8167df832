"""Appends need no lock, and a reader never misses one."""

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import psycopg
import pytest
from eventsourcing.persistence import StoredEvent

from event_store.application import Log
from event_store.epoch import check_epoch, mend_epoch
from event_store.errors import EpochTooLow, VersionConflict
from event_store.reader import Reader
from event_store.recorder import MAX_APPEND, insert_sql
from tests.servers.postgres import Database

REST = ("course", 1, "course.archived.v1", "{}", "{}")


def an_event(stream_id: UUID | None = None, version: int = 1) -> StoredEvent:
    return StoredEvent(stream_id or uuid4(), version, "course.archived.v1", b'{"reason":null}')


def append(log: Log, *events: StoredEvent) -> list[int]:
    return list(log.recorder.insert_events(events))


def test_positions_grow_from_append_to_append_and_within_one(log: Log) -> None:
    stream_id = uuid4()
    first = append(log, an_event(stream_id, 1), an_event(stream_id, 2), an_event(stream_id, 3))
    second = append(log, an_event())
    assert first == [first[0], first[0] + 1, first[0] + 2]
    assert second[0] > first[-1]


def test_an_append_that_commits_late_is_not_skipped(
    log: Log, reader: Reader, database: Database
) -> None:
    before = append(log, an_event())
    late_stream = uuid4()
    with psycopg.connect(database.write_url) as late:
        late.execute(insert_sql(1), (late_stream, *REST))
        overtaking = append(log, an_event())
        assert [record.position for record in reader.read(0, 10)] == before
        assert reader.last() == before[-1]
        assert reader.settled() < overtaking[0]
    records = reader.read(0, 10)
    assert [record.stream_id for record in records][1] == late_stream
    assert [record.position for record in records] == sorted(r.position for r in records)
    assert records[-1].position == overtaking[0]


def test_an_append_that_is_rolled_back_leaves_no_gap_to_wait_for(
    log: Log, reader: Reader, database: Database
) -> None:
    with psycopg.connect(database.write_url) as failing:
        failing.execute(insert_sql(1), (uuid4(), *REST))
        failing.rollback()
    after = append(log, an_event())
    assert [record.position for record in reader.read(0, 10)] == after


def test_a_tail_sees_every_event_of_many_writers_once_and_in_order(
    log: Log, reader: Reader
) -> None:
    writers, appends = 8, 60
    done = threading.Event()
    seen: list[int] = []

    def follow() -> None:
        while True:
            finished = done.is_set()
            records = reader.read(seen[-1] if seen else 0, 500)
            seen.extend(record.position for record in records)
            if finished and not records:
                return

    def write(_: int) -> list[int]:
        return [position for _ in range(appends) for position in append(log, an_event())]

    with ThreadPoolExecutor(writers + 1) as threads:
        following = threads.submit(follow)
        written = list(threads.map(write, range(writers)))
        done.set()
        following.result(timeout=30)
    assert seen == sorted(position for positions in written for position in positions)


def test_two_appends_of_one_version_conflict(log: Log) -> None:
    stream_id = uuid4()
    append(log, an_event(stream_id, 1))
    with pytest.raises(VersionConflict):
        append(log, an_event(stream_id, 1))


def test_one_append_is_limited(log: Log) -> None:
    with pytest.raises(ValueError, match="at most"):
        append(log, *[an_event()] * (MAX_APPEND + 1))


def test_the_types_read_can_be_limited(log: Log, reader: Reader) -> None:
    append(log, an_event())
    position = append(log, StoredEvent(uuid4(), 1, "course.published.v1", b"{}"))
    assert [r.position for r in reader.read(0, 10, ["course.published.v1"])] == position
    assert reader.read(0, 10, ["course.created.v1"]) == []
    assert reader.read(0, 10, upto=position[0] - 1)[-1].type == "course.archived.v1"


@pytest.mark.parametrize("role", ["write_url", "read_url", "project_url"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE event_store.events SET type = 'x'",
        "DELETE FROM event_store.events",
        "TRUNCATE event_store.events",
        "DROP TABLE event_store.events",
        "CREATE OR REPLACE FUNCTION event_store.epoch() RETURNS bigint RETURN 7",
        "ALTER TABLE event_store.events DISABLE TRIGGER ALL",
    ],
)
def test_no_role_of_a_process_can_change_history(
    shared_database: Database, role: str, statement: str
) -> None:
    with (
        psycopg.connect(getattr(shared_database, role)) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement)


def test_a_restored_log_is_refused_until_its_epoch_is_mended(
    log: Log, reader: Reader, database: Database
) -> None:
    # Often enough for the server to keep one plan, in which the epoch is a constant.
    restored = [append(log, an_event())[0] for _ in range(8)]
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        check_epoch(owner)
        higher = 10_000_000 << 16  # as if another cluster had counted them
        owner.execute("UPDATE event_store.events SET position = position + %s", (higher,))
        with pytest.raises(EpochTooLow, match="lms epoch mend"):
            check_epoch(owner)
        assert mend_epoch(owner) > 0
        check_epoch(owner)
    appended = append(log, an_event())
    assert appended[0] > restored[-1] + higher
    assert [r.position for r in reader.read(0, 10)] == [
        *(position + higher for position in restored),
        *appended,
    ]
