"""Reads the settled part of the log in order."""

from collections.abc import Sequence
from typing import Any

from psycopg import Connection
from psycopg.rows import args_row, scalar_row
from psycopg.types.string import ByteaBinaryLoader
from psycopg_pool import ConnectionPool

from event_store.record import Record
from event_store.recorder import SETTLED

_COLUMNS = "position, stream_id, stream_type, version, type, data, metadata, recorded_at"
_READ = (
    f"SELECT {_COLUMNS} FROM event_store.events"
    f" WHERE position > %s AND position < {SETTLED} AND position <= %s"
)


class Reader:
    """Reads rows that are settled: nothing can ever appear before one that was returned.

    Thread-safe. Raises `psycopg.OperationalError` or `psycopg_pool.PoolTimeout` while the database
    can't be reached.
    """

    def __init__(self, pool: ConnectionPool[Connection[Any]]) -> None:
        self._pool = pool

    def read(
        self,
        after: int,
        limit: int,
        types: Sequence[str] | None = None,
        upto: int | None = None,
    ) -> list[Record]:
        """At most `limit` rows with a position above `after` (and not above `upto`), in order."""
        params: list[Any] = [after, 2**62 if upto is None else upto]
        sql = _READ
        if types is not None:
            sql += " AND type = ANY(%s)"
            params.append(list(types))
        with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=args_row(Record), binary=True)
            cursor.adapters.register_loader("json", ByteaBinaryLoader)  # as it is, not parsed
            return cursor.execute(
                sql + " ORDER BY position LIMIT %s", [*params, limit], prepare=True
            ).fetchall()

    def settled(self) -> int:
        """The highest position at or below which nothing can appear any more."""
        return self._number(f"SELECT {SETTLED} - 1")

    def last(self) -> int:
        """The position of the last settled event; 0 when there is none."""
        return self._number(
            f"SELECT coalesce(max(position), 0) FROM event_store.events WHERE position < {SETTLED}"
        )

    def _number(self, sql: str) -> int:
        with self._pool.connection() as connection:
            row = connection.cursor(row_factory=scalar_row).execute(sql, prepare=True).fetchone()
        assert isinstance(row, int)
        return row
