"""Session locks: they end with their connection, so a process that dies leaves none behind."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from projections.connection import Connection

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
