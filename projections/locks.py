"""Session locks: they end with their connection, so a process that dies leaves none behind."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg

from projections.connection import Connection, connect

_CLASS: Final = 0x70726F6A


class Busy(Exception):
    """Another process holds the lock."""


def try_lock(connection: Connection, what: str) -> bool:
    row = connection.execute(
        "SELECT pg_try_advisory_lock(%s, hashtext(%s))", (_CLASS, what)
    ).fetchone()
    return row is not None and bool(row[0])


def unlock(connection: Connection, what: str) -> None:
    connection.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", (_CLASS, what))


@contextmanager
def held(connection: Connection, what: str) -> Iterator[None]:
    """Holds the lock on `what`; raises `Busy` when another session has it."""
    if not try_lock(connection, what):
        raise Busy(f"Another process is at work on {what}.")
    try:
        yield
    finally:
        if not connection.closed:
            unlock(connection, what)


class Leadership:
    """At most one process of a group leads; the others stand by and take over when it dies."""

    def __init__(self, conninfo: str, group: str) -> None:
        self._conninfo = conninfo
        self._group = group
        self._connection: Connection | None = None
        self._leads = False

    def claim(self) -> bool:
        """Whether this process leads, from now on. Raises nothing when the database is away."""
        try:
            if self._connection is None:
                self._connection = connect(self._conninfo)
            elif self._leads:
                self._connection.execute("SELECT")
                return True
            self._leads = try_lock(self._connection, self._group)
        except psycopg.Error:
            self.resign()
        return self._leads

    def resign(self) -> None:
        connection, self._connection, self._leads = self._connection, None, False
        if connection is not None:
            connection.close()
