"""Telling an event that can't be applied from a database that can't be reached."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from psycopg import errors

_FENCE_STATE: Final = "LMS01"


class Fenced(Exception):
    """Somebody else has moved this projection's position, or another build has taken its place."""


# These say nothing about the event: the same event succeeds once the server is well again.
NOT_THE_EVENT = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    errors.IdleInTransactionSessionTimeout,
    errors.InsufficientPrivilege,
    errors.InvalidSchemaName,
    errors.ReadOnlySqlTransaction,
    Fenced,
    MemoryError,
)


def is_poison(error: Exception) -> bool:
    """Whether `error` comes from the event or its handler, not from the machinery around it."""
    if isinstance(error, errors.PipelineAborted):
        return True
    if isinstance(error, psycopg.Error) and error.sqlstate == _FENCE_STATE:
        return False
    return not isinstance(error, NOT_THE_EVENT)


@contextmanager
def fence() -> Iterator[None]:
    """Turns the database's refusal to move a position into `Fenced`."""
    try:
        yield
    except psycopg.Error as error:
        if error.sqlstate == _FENCE_STATE:
            raise Fenced(str(error)) from error
        raise
