"""At most one process of a group is at work; the others stand by and take over when it dies."""

from collections.abc import Callable
from typing import Any, Final

import psycopg

_CLASS: Final = int.from_bytes(b"lead")


class Leadership:
    """A lock that ends with its connection, so a process that dies leaves none behind.

    `connect` opens a connection in autocommit mode.
    """

    def __init__(
        self, connect: Callable[[], psycopg.Connection[tuple[Any, ...]]], group: str
    ) -> None:
        self._connect = connect
        self._group = group
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None
        self._leads = False

    def claim(self) -> bool:
        """Whether this process leads, from now on; never while the database is out of reach."""
        try:
            if self._connection is None:
                self._connection = self._connect()
            if self._leads:
                self._connection.execute("SELECT")
                return True
            row = self._connection.execute(
                "SELECT pg_try_advisory_lock(%s, hashtext(%s))", (_CLASS, self._group)
            ).fetchone()
            self._leads = row is not None and bool(row[0])
        except psycopg.Error:
            self.resign()
        return self._leads

    def resign(self) -> None:
        connection, self._connection, self._leads = self._connection, None, False
        if connection is not None:
            connection.close()
