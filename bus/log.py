"""What the bus needs of the event log; `event_store.reader.Reader` is the real one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

import psycopg

from event_store.record import Record

# The log can't be reached now: try again later. Anything else is a bug, and should be seen.
LOG_DOWN = (psycopg.OperationalError, psycopg.InterfaceError)


class Log(Protocol):
    """Settled events, in position order: nothing ever appears at or below what was read."""

    def read(
        self,
        after: int,
        limit: int,
        types: Sequence[str] | None = None,
        upto: int | None = None,
    ) -> list[Record]: ...

    def last(self) -> int: ...


class LogInThread:
    """The same log for code on the event loop: each call runs in a thread."""

    def __init__(self, log: Log) -> None:
        self._log = log

    async def read(
        self,
        after: int,
        limit: int,
        types: Sequence[str] | None = None,
        upto: int | None = None,
    ) -> list[Record]:
        return await asyncio.to_thread(self._log.read, after, limit, types, upto)

    async def last(self) -> int:
        return await asyncio.to_thread(self._log.last)
