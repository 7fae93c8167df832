"""Follows the log from a position: every event, once, in order, as soon as it is published.

NATS is transport only. The consumer knows the position it has reached; what the stream repeats is
skipped, and what it doesn't carry (because it was wiped, or the relay is down, or this consumer is
slow) is read from the log. So it works, more slowly, without NATS.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Final, TypeVar

import msgspec

from bus.cancellation import stop_if_cancelled
from bus.connection import Connection
from bus.feed import Feed
from bus.log import LOG_DOWN, Log, LogInThread
from bus.message import Envelope
from bus.metrics import DELIVERED, GAPS
from bus.pause import Pause
from event_store.record import Record

logger = logging.getLogger(__name__)

T = TypeVar("T")

# Seconds without a message before the log is asked whether one is missing.
_SILENCE: Final = 1.0
# The same when the stream is known not to deliver.
_POLL: Final = 0.1


class Batch(msgspec.Struct, frozen=True):
    """Events in position order, and the position that is reached with them.

    `position` is above the last record's when events of other types followed; `records` may be
    empty for the same reason.
    """

    records: list[Record]
    position: int


class AnotherHistory(Exception):
    """The log ends before the position to go on from: that came from another log."""


class Consumer:
    """One reader of the log, at `position`: everything up to it has been dealt with.

    With `types`, events of other types only move the position. `name` is for logs and `nats
    consumer ls`; letters, digits, `-` and `_`.
    """

    def __init__(
        self,
        name: str,
        nats: Connection,
        log: Log,
        position: int,
        *,
        types: Sequence[str] | None = None,
    ) -> None:
        self._name = name
        self._log = LogInThread(log)
        self._types = None if types is None else sorted(set(types))
        self._wanted = None if types is None else frozenset(types)
        self._feed = Feed(name, nats)
        self._from_log = DELIVERED.labels(name, "log")
        self._from_stream = DELIVERED.labels(name, "stream")
        self._gaps = GAPS.labels(name)
        self._position = position
        self._behind = True
        self._silence = _SILENCE
        self._poll = _POLL

    @property
    def position(self) -> int:
        """The position of the last batch that was handed out."""
        return self._position

    async def batches(self, max_events: int = 500) -> AsyncGenerator[Batch, None]:
        """Batches without end, each with what is there, at most `max_events` records.

        Close the generator when done (`contextlib.aclosing`). Outages of Postgres and NATS only
        make it wait. Raises `AnotherHistory` at the start.
        """
        try:
            await self._check_history()
            while True:
                batch = await self._next(max_events)
                self._position = batch.position
                yield batch
        finally:
            await self._feed.close()

    async def _check_history(self) -> None:
        last = await self._patiently(self._log.last)
        if last < self._position:
            raise AnotherHistory(f"{self._name} is at {self._position}, the log ends at {last}")

    async def _next(self, limit: int) -> Batch:
        while True:
            stop_if_cancelled()
            batch = await (self._catch_up(limit) if self._behind else self._listen(limit))
            if batch is not None:
                return batch

    async def _catch_up(self, limit: int) -> Batch | None:
        """The next page of the log; once there is no more, listen.

        The feed must be live before the page that finds the end is read: what comes after that
        page is then on the feed.
        """
        was_live = self._feed.is_live
        batch, more = await self._patiently(lambda: self._read_log(limit))
        self._silence = _POLL if batch else min(2 * self._silence, _SILENCE)
        if batch is not None:
            self._from_log.inc(len(batch.records))
        if was_live:
            self._behind = more
        elif not more and not await self._feed.open() and batch is None:
            await asyncio.sleep(self._poll)
        return batch

    async def _read_log(self, limit: int) -> tuple[Batch | None, bool]:
        """A page, and whether there may be more."""
        if self._types is None:
            records = await self._log.read(self._position, limit)
            batch = Batch(records, records[-1].position) if records else None
            return batch, len(records) == limit
        end = await self._log.last()
        if end <= self._position:
            return None, False
        records = await self._log.read(self._position, limit, self._types, end)
        if len(records) == limit:
            return Batch(records, records[-1].position), True
        return Batch(records, end), False

    async def _listen(self, limit: int) -> Batch | None:
        envelopes = await self._feed.take(limit, self._silence)
        if not envelopes:
            self._behind = True
            return None
        batch = self._accept(envelopes)
        if batch.position == self._position:
            return None
        self._silence = _SILENCE
        self._from_stream.inc(len(batch.records))
        return batch

    def _accept(self, envelopes: list[Envelope]) -> Batch:
        """Those that follow on the position, up to the first gap."""
        records = []
        position = self._position
        for envelope in envelopes:
            if envelope.position <= position:
                continue
            wanted = self._wanted is None or envelope.type in self._wanted
            if envelope.previous > position or (wanted and not envelope.is_complete):
                logger.info("%s reads what follows position %d from the log", self._name, position)
                self._gaps.inc()
                self._behind = True
                break
            position = envelope.position
            if wanted:
                records.append(envelope.record())
        return Batch(records, position)

    async def _patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        """The log's answer, however long it is out of reach."""
        pause = Pause(first=0.05, longest=2.0)
        while True:
            try:
                return await ask()
            except LOG_DOWN as error:
                if pause.is_fresh:
                    logger.warning("%s waits for the log: %s", self._name, error)
                await pause.sleep()
