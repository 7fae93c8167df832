"""Events that a projection could not apply, and those that wait behind them.

A parked event stops its own stream, in that projection only. Rows belong to one set of tables
(`schema`) and are written in the transaction that moves the position past the event.
"""

from uuid import UUID

import msgspec
import psycopg
from psycopg.rows import class_row

from event_store.record import Record
from projections.connection import Connection
from projections.projection import Projection

_LONGEST_ERROR = 2_000


class Parked(msgspec.Struct, frozen=True):
    """One parked event; `error` is `None` when it only waits behind an earlier one."""

    projection: str
    version: int
    position: int
    stream_id: UUID
    type: str
    error: str | None
    attempts: int


def describe(error: Exception) -> str:
    """Without the row at fault, which Postgres would add: it may hold personal data."""
    message = error.diag.message_primary if isinstance(error, psycopg.Error) else str(error)
    return f"{type(error).__name__}: {message}"[:_LONGEST_ERROR]


def park(
    connection: Connection, schema: str, projection: Projection, record: Record, error: str | None
) -> None:
    connection.execute(
        "INSERT INTO projections.parked"
        " (schema, position, projection, version, stream_id, type, error, attempts)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (
            schema,
            record.position,
            projection.name,
            projection.version,
            record.stream_id,
            record.type,
            error,
            0 if error is None else 1,
        ),
    )


def stopped_streams(connection: Connection, schema: str) -> set[UUID]:
    """The streams that a parked event stops."""
    rows = connection.execute(
        "SELECT DISTINCT stream_id FROM projections.parked WHERE schema = %s", (schema,)
    )
    return {stream_id for (stream_id,) in rows.fetchall()}


def waiting(connection: Connection, schema: str, stream_id: UUID) -> list[int]:
    """The positions of a stream's parked events, in order."""
    rows = connection.execute(
        "SELECT position FROM projections.parked"
        " WHERE schema = %s AND stream_id = %s ORDER BY position",
        (schema, stream_id),
    )
    return [position for (position,) in rows.fetchall()]


def count(connection: Connection, schema: str) -> int:
    row = connection.execute(
        "SELECT count(*) FROM projections.parked WHERE schema = %s", (schema,)
    ).fetchone()
    return int(row[0]) if row else 0


def release(connection: Connection, schema: str, position: int) -> None:
    connection.execute(
        "DELETE FROM projections.parked WHERE schema = %s AND position = %s", (schema, position)
    )


def failed_again(connection: Connection, schema: str, position: int, error: str) -> None:
    connection.execute(
        "UPDATE projections.parked SET error = %s, attempts = attempts + 1"
        " WHERE schema = %s AND position = %s",
        (error, schema, position),
    )


def parked_events(connection: Connection, projection: str | None = None) -> list[Parked]:
    """What is parked in the live tables, by projection and in order."""
    cursor = connection.cursor(row_factory=class_row(Parked))
    return cursor.execute(
        "SELECT parked.projection, parked.version, parked.position, stream_id, type, error,"
        " attempts FROM projections.parked JOIN projections.position live USING (SCHEMA)"
        " WHERE live.state = 'live' AND (%s::text IS NULL or projection = %s)"
        " ORDER BY projection, parked.position",
        (projection, projection),
    ).fetchall()
