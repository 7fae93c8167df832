"""Reading the read models: SQL in, frozen structs out."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from psycopg import AsyncConnection
from psycopg.rows import TupleRow, class_row
from psycopg_pool import AsyncConnectionPool

T = TypeVar("T")

STATEMENT_TIMEOUT = 5.0
"""Seconds that one query may take."""
WAIT_FOR_CONNECTION = 2.0
"""Seconds that a query waits for one of the connections to be free."""
GIVE_UP_CONNECTING = 5.0
"""Seconds of attempts to connect, between which pauses double; the next query begins anew."""

Pool = AsyncConnectionPool[AsyncConnection[TupleRow]]


def open_pool(database_url: str, *, connections: int = 10) -> Pool:
    """A pool that isn't opened yet, for the role `lms_read`.

    Statements are prepared the first time they run: there are only so many shapes of them.
    """
    milliseconds = int(STATEMENT_TIMEOUT * 1000)
    return AsyncConnectionPool(
        database_url,
        min_size=min(2, connections),
        max_size=connections,
        timeout=WAIT_FOR_CONNECTION,
        reconnect_timeout=GIVE_UP_CONNECTING,
        open=False,
        kwargs={
            "autocommit": True,
            "prepare_threshold": 0,
            "options": f"-c statement_timeout={milliseconds} -c timezone=UTC",
            "application_name": "read-api",
        },
    )


class Database:
    """Queries on the read models.

    A method takes SQL whose columns are the fields of `shape`, with `%s` for parameters. All raise
    `psycopg.OperationalError` when the database can't be reached or a query takes too long.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def all(self, shape: type[T], sql: str, params: Sequence[object] = ()) -> list[T]:
        """Every row, as a `shape`."""
        async with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=class_row(shape))
            await cursor.execute(sql, params)
            return await cursor.fetchall()

    async def first(self, shape: type[T], sql: str, params: Sequence[object] = ()) -> T | None:
        """The first row, or None when there is none."""
        async with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=class_row(shape))
            await cursor.execute(sql, params)
            return await cursor.fetchone()

    async def exists(self, sql: str, params: Sequence[object] = ()) -> bool:
        """Whether there is any row."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(sql, params)
            return await cursor.fetchone() is not None

    async def positions(self) -> Mapping[str, int]:
        """How far each projection is: its name and the position it has applied."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT name, position FROM projections.position WHERE state = 'live'"
            )
            return dict(await cursor.fetchall())
