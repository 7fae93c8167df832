"""What of an event is sealed, to the byte, and reading it off the log as fast as it can be read.

The data of a leaf are the bytes `lms-event-v1`, a zero byte, and then eight values, each behind its
length in bytes (4 bytes, big-endian): position (8 bytes, big-endian), stream id (16 bytes), stream
type (UTF-8), version (8 bytes, big-endian), type (UTF-8), data and metadata (the exact bytes of the
JSON text), recorded_at (microseconds since 2000-01-01T00:00:00Z, 8 bytes, big-endian).

Every value has its length before it, so no two events have the same data. It is also, behind its
count of columns, the form of a row in Postgres' binary COPY: the log can be hashed as it comes.
"""

import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from psycopg import Connection
from psycopg.errors import error_from_result
from psycopg.pq.abc import PGconn

from event_store.record import Record
from event_store.seals.merkle import leaf_hash

TAG = b"lms-event-v1\x00"
COLUMNS = "position, stream_id, stream_type, version, type, data, metadata, recorded_at"
_PREFIX = b"\x00" + TAG
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_HEADER = b"PGCOPY\n\xff\r\n\x00"
_HEADER_BYTES = len(_HEADER) + 8
_TRAILER = b"\xff\xff"
_COUNT_BYTES = 2
_POSITION = slice(_COUNT_BYTES + 4, _COUNT_BYTES + 12)


def leaf_data(record: Record) -> bytes:
    """The data of an event's leaf."""
    recorded_at = (record.recorded_at - _EPOCH) // _MICROSECOND
    values = (
        struct.pack(">q", record.position),
        record.stream_id.bytes,
        record.stream_type.encode(),
        struct.pack(">q", record.version),
        record.type.encode(),
        record.data,
        record.metadata,
        struct.pack(">q", recorded_at),
    )
    return TAG + b"".join(struct.pack(">i", len(value)) + value for value in values)


def leaf_hash_of(record: Record) -> bytes:
    """The hash of an event's leaf."""
    return leaf_hash(leaf_data(record))


def hash_of(row: bytes) -> bytes:
    """The hash of the leaf of a row that `copied` gave for `COLUMNS`."""
    return sha256(_PREFIX + row[_COUNT_BYTES:]).digest()


def moved_hash_of(row: bytes, position: bytes) -> bytes:
    """The same, if the event stood at another position (8 bytes)."""
    moved = row[_COUNT_BYTES : _POSITION.start] + position + row[_POSITION.stop :]
    return sha256(_PREFIX + moved).digest()


def position_of(row: bytes) -> bytes:
    """The position, 8 bytes: they sort like the numbers."""
    return row[_POSITION]


def copied(connection: Connection[Any], query: str) -> Iterator[bytes]:
    """The rows of a query, each as in Postgres' binary COPY: 2 bytes count of columns, then each
    value behind its length in 4 bytes.

    The iterator must be read to its end. Raises psycopg.Error.
    """
    statement = f"COPY ({query}) TO STDOUT (FORMAT BINARY)"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        while chunk := copy.read():
            row = bytes(chunk)
            if row.startswith(_HEADER):
                row = row[_HEADER_BYTES:]
            while row and row != _TRAILER:
                yield row
                row = _at_hand(connection.pgconn)


def _at_hand(pgconn: PGconn) -> bytes:
    """The next row if it has come already, else nothing: asking Psycopg to wait for each takes as
    long as all the rest. A query that fails ends here too, one that succeeds by its trailer.
    """
    length, data = pgconn.get_copy_data(1)
    if length >= 0:
        return bytes(data)
    failed = pgconn.get_result()
    assert failed is not None
    while pgconn.get_result():
        pass  # only then may the connection be used again
    raise error_from_result(failed)


def unpacked(row: bytes) -> list[bytes]:
    """The values of a row of `copied`; none of them may be NULL."""
    values, at = [], _COUNT_BYTES
    while at < len(row):
        (length,) = struct.unpack_from(">i", row, at)
        values.append(row[at + 4 : at + 4 + length])
        at += 4 + length
    return values
