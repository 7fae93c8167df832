"""What is sealed of an event is the same however it is come by, and of no two events the same."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_store.reader import Reader
from event_store.record import Record
from event_store.seals.leaf import (
    COLUMNS,
    TAG,
    copied,
    hash_of,
    leaf_data,
    leaf_hash_of,
    moved_hash_of,
    position_of,
)
from tests.event_store.seals.sealing import Owner, Sealing

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)

records = st.builds(
    Record,
    position=st.integers(0, 2**63 - 1),
    stream_id=st.uuids(),
    stream_type=st.text(max_size=5),
    version=st.integers(1, 2**63 - 1),
    type=st.text(max_size=5),
    data=st.binary(max_size=5),
    metadata=st.binary(max_size=5),
    recorded_at=st.integers(-(2**50), 2**50).map(
        lambda microseconds: EPOCH + timedelta(microseconds=microseconds)
    ),
)


def test_it_is_to_the_byte_as_documented() -> None:
    record = Record(
        position=258,
        stream_id=UUID(int=7),
        stream_type="course",
        version=1,
        type="course.archived.v1",
        data=b"{}",
        metadata=b"[]",
        recorded_at=EPOCH + timedelta(microseconds=3),
    )
    assert leaf_data(record) == (
        b"lms-event-v1\x00"
        b"\x00\x00\x00\x08"
        + (258).to_bytes(8)
        + b"\x00\x00\x00\x10"
        + (7).to_bytes(16)
        + b"\x00\x00\x00\x06course"
        b"\x00\x00\x00\x08" + (1).to_bytes(8) + b"\x00\x00\x00\x12course.archived.v1"
        b"\x00\x00\x00\x02{}"
        b"\x00\x00\x00\x02[]"
        b"\x00\x00\x00\x08" + (3).to_bytes(8)
    )


def read_back(data: bytes) -> list[bytes]:
    """The values of a leaf."""
    values, at = [], len(TAG)
    while at < len(data):
        length = int.from_bytes(data[at : at + 4])
        values.append(data[at + 4 : at + 4 + length])
        at += 4 + length
    return values


@given(records, records)
def test_no_two_events_have_the_same(one: Record, other: Record) -> None:
    assert (leaf_data(one) == leaf_data(other)) == (one == other)
    values = read_back(leaf_data(one))
    assert values[2:3] + values[4:7] == [
        one.stream_type.encode(),
        one.type.encode(),
        one.data,
        one.metadata,
    ]


def test_rows_of_the_log_hash_as_what_a_reader_reads(sealing: Sealing, superuser: Owner) -> None:
    sealing.append(40)
    superuser.execute(
        'UPDATE event_store.events SET metadata = \'{"reason": "ä\\u0000 \\\\ 𝄞"}\','
        " data = '  {\"a\"  : 1e400}' WHERE version = 7"
    )
    rows = [*copied(superuser, f"SELECT {COLUMNS} FROM event_store.events ORDER BY position")]
    records = Reader(sealing.log.recorder.datastore.pool).read(0, 100)
    assert [hash_of(row) for row in rows] == [leaf_hash_of(record) for record in records]
    assert [int.from_bytes(position_of(row)) for row in rows] == [r.position for r in records]
    elsewhere = msgspec.structs.replace(records[3], position=99)
    assert moved_hash_of(rows[3], (99).to_bytes(8)) == leaf_hash_of(elsewhere)


def test_a_query_that_fails_on_its_way_says_so_and_the_connection_goes_on(sealing: Sealing) -> None:
    connection = sealing.connection
    with pytest.raises(psycopg.errors.DivisionByZero):
        list(
            copied(connection, "SELECT 1 / (9000 - number) FROM generate_series(1, 9999) AS number")
        )
    assert len([*copied(connection, "SELECT FROM generate_series(1, 9999)")]) == 9999
    assert list(copied(connection, "SELECT 1 WHERE false")) == []
