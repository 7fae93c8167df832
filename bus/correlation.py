"""For logs: which request an event goes back to, however many steps ago."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final
from uuid import UUID

import msgspec

from event_store.record import Record

_CURRENT: Final[ContextVar[UUID | None]] = ContextVar("correlation of the event", default=None)


def correlation_of(record: Record) -> UUID | None:
    """The correlation id of an event; None when its metadata can't be read."""
    try:
        return record.read_metadata().correlation_id
    except msgspec.DecodeError:
        return None


@contextmanager
def correlated(record: Record) -> Iterator[None]:
    """Until the block ends, this thread (or task) works because of the event."""
    token = _CURRENT.set(correlation_of(record))
    try:
        yield
    finally:
        _CURRENT.reset(token)


def current_correlation() -> UUID | None:
    """The correlation id of the event that is worked on here; None when there is none."""
    return _CURRENT.get()
