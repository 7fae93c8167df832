"""Guards the growth of positions across a restore into another cluster."""

from typing import Any

from psycopg import Connection, sql
from psycopg.rows import scalar_row

from event_store.errors import EpochTooLow
from event_store.recorder import INDEX_BITS

_LAST = "SELECT coalesce(max(position), 0) FROM event_store.events"
_REPLACE = sql.SQL(
    "CREATE OR REPLACE FUNCTION event_store.epoch() RETURNS bigint"
    " LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN {}::bigint"
)
_NEXT_TRANSACTION = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"


def check_epoch(connection: Connection[Any]) -> None:
    """Raises `EpochTooLow`, with the command that mends it, when appends would go backwards."""
    last, following = _positions(connection)
    if following <= last:
        raise EpochTooLow(
            f"The next position ({following}) would not exceed the last one ({last}): this log was"
            " restored into another cluster. Stop everything and run `lms epoch mend`."
        )


def mend_epoch(connection: Connection[Any], *, skip: int = 0) -> int:
    """Raises the epoch so that the next position exceeds the last; returns the new epoch.

    Leaves out as many transactions as `skip` says: those of a lost end of the log, whose positions
    others may have seen. Needs the owner's role, and that nothing is writing.
    """
    with connection.transaction():
        last, _ = _positions(connection)
        following = _value(connection, _NEXT_TRANSACTION)
        epoch: int = max((last >> INDEX_BITS) - following + 1 + skip, _epoch(connection))
        set_epoch(connection, epoch)
    return epoch


def set_epoch(connection: Connection[Any], epoch: int) -> None:
    """Adds this to the transaction ids of all appends from now on. Needs the owner's role.

    The server plans every statement with it anew, those prepared by others too.
    """
    connection.execute(_REPLACE.format(sql.Literal(epoch)))


def _positions(connection: Connection[Any]) -> tuple[int, int]:
    """The last position, then the next one: others may append between the two questions."""
    last = _value(connection, _LAST)
    return last, (_value(connection, _NEXT_TRANSACTION) + _epoch(connection)) << INDEX_BITS


def _epoch(connection: Connection[Any]) -> int:
    return _value(connection, "SELECT event_store.epoch()")


def _value(connection: Connection[Any], sql: str) -> int:
    row = connection.cursor(row_factory=scalar_row).execute(sql).fetchone()
    assert isinstance(row, int)
    return row
