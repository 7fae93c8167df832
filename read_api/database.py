"""Reading the read models: SQL in, frozen structs out."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from psycopg import AsyncConnection, AsyncCursor, OperationalError
from psycopg.rows import AsyncRowFactory, TupleRow, class_row, tuple_row
from psycopg_pool import AsyncConnectionPool

T = TypeVar("T")
Row = TypeVar("Row")
Answer = TypeVar("Answer")
Params = Sequence[object] | Mapping[str, object]

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

    async def all(self, shape: type[T], sql: str, params: Params = ()) -> list[T]:
        """Every row, as a `shape`."""
        return await self._ask(lambda cursor: cursor.fetchall(), class_row(shape), sql, params)

    async def first(self, shape: type[T], sql: str, params: Params = ()) -> T | None:
        """The first row, or None when there is none."""
        return await self._ask(lambda cursor: cursor.fetchone(), class_row(shape), sql, params)

    async def exists(self, sql: str, params: Params = ()) -> bool:
        """Whether there is any row."""
        row = await self._ask(lambda cursor: cursor.fetchone(), tuple_row, sql, params)
        return row is not None

    async def positions(self) -> Mapping[str, int]:
        """How far each projection is: its name and the position it has applied."""
        sql = "SELECT name, position FROM projections.position WHERE state = 'live'"
        return dict(await self._ask(lambda cursor: cursor.fetchall(), tuple_row, sql))

    async def _ask(
        self,
        fetch: Callable[[AsyncCursor[Row]], Awaitable[Answer]],
        row_factory: AsyncRowFactory[Row],
        sql: str,
        params: Params = (),
    ) -> Answer:
        """After a restart of Postgres all pooled connections are broken, and nobody has noticed:
        the first query that does replaces them and asks again. Reading twice does no harm."""
        connection = None
        try:
            async with self._pool.connection() as connection:
                cursor = connection.cursor(row_factory=row_factory)
                await cursor.execute(sql, params)
                return await fetch(cursor)
        except OperationalError:
            if connection is None or not connection.broken:
                raise
        await self._pool.check()
        async with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=row_factory)
            await cursor.execute(sql, params)
            return await fetch(cursor)
