"""A piece of history is appended whole, once, and read like anything else."""

from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import StoredEvent
from psycopg import Connection
from psycopg.rows import DictRow
from psycopg_pool import ConnectionPool

from event_store.application import Log
from event_store.bulk import Row, append
from event_store.errors import RequestRepeated, VersionConflict
from event_store.reader import Reader
from event_store.recorder import Request

DIFFICULT = r'{"reason":"\"C:\\new\\table\" ü \u0007 \\N \\."}'


def rows(stream_id: UUID, versions: range, data: str = '{"reason":null}') -> list[Row]:
    return [
        Row(StoredEvent(stream_id, version, "course.archived.v1", data.encode()), '{"a":"\\n"}')
        for version in versions
    ]


def piece(key: str) -> Request:
    return Request("import", key, b"", uuid4(), 1, 0)


def test_it_is_read_in_its_order_to_the_byte(
    pool: ConnectionPool[Connection[DictRow]], reader: Reader
) -> None:
    stream_id = uuid4()
    with pool.connection() as connection:
        first = append(connection, rows(stream_id, range(1, 4)), piece("1"))
        last = append(connection, rows(stream_id, range(4, 6), DIFFICULT), piece("2"))
    records = reader.read(0, 10)
    assert [record.version for record in records] == [1, 2, 3, 4, 5]
    assert (records[2].position, records[4].position) == (first, last)
    assert records[4].data == DIFFICULT.encode()
    assert records[4].metadata == b'{"a":"\\n"}'
    assert records[4].stream_type == "course"


def test_a_piece_that_comes_again_is_refused_whole(
    log: Log, pool: ConnectionPool[Connection[DictRow]], reader: Reader
) -> None:
    with pool.connection() as connection:
        last = append(connection, rows(uuid4(), range(1, 3)), piece("1"))
        with pytest.raises(RequestRepeated):
            append(connection, rows(uuid4(), range(1, 3)), piece("1"))
    assert len(reader.read(0, 10)) == 2
    remembered = log.recorder.find_request("import", "1")
    assert remembered is not None
    assert remembered.position == last


def test_a_piece_that_does_not_fit_leaves_nothing(
    pool: ConnectionPool[Connection[DictRow]], reader: Reader
) -> None:
    stream_id = uuid4()
    with pool.connection() as connection:
        append(connection, rows(stream_id, range(1, 2)), piece("1"))
        with pytest.raises(VersionConflict):
            append(
                connection, rows(uuid4(), range(1, 3)) + rows(stream_id, range(1, 2)), piece("2")
            )
        append(connection, rows(stream_id, range(2, 3)), piece("2"))
    assert [record.version for record in reader.read(0, 10)] == [1, 2]


def test_keys_made_for_many_at_once_are_the_keys_that_seal(log: Log) -> None:
    known, new = uuid4(), uuid4()
    sealed = log.keys.seal(known, b"old", b"place")
    log.keys.ensure([known, new])
    assert log.keys.unseal(known, sealed, b"place") == b"old"
    assert log.keys.unseal(new, log.keys.seal(new, b"plain", b"place"), b"place") == b"plain"
