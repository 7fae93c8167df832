"""Carries the log into the stream, in order, each event once.

The relay remembers nothing: the last message of the stream says where it is. Any number may run;
one is at work, the others stand by, and the fences of `Publisher` hold whatever they believe.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Final

import msgspec
from nats.aio.msg import Msg
from prometheus_client import Counter, Gauge

from bus.cancellation import stop_if_cancelled
from bus.connection import NATS_DOWN, Connection
from bus.log import LOG_DOWN, Log, LogInThread
from bus.pause import Pause
from bus.publisher import Overtaken, Publisher, Refused
from bus.stream import StreamSettings, Tip, declare, find_tip
from bus.wake import WAKE
from event_store.record import Record

logger = logging.getLogger(__name__)

PUBLISHED: Final = Counter("lms_relay_published", "Events that the relay has put into the stream")
POSITION: Final = Gauge("lms_relay_position", "Position up to which all events are in the stream")
STANDING_BY: Final = Gauge("lms_relay_standing_by", "1 while another relay is at work")

_DOWN = (*NATS_DOWN, *LOG_DOWN, Refused)
_FIRST_LOOK: Final = 0.001


class RelaySettings(msgspec.Struct, frozen=True, kw_only=True):
    """`page` events are read at a time; `poll` and `takeover` are seconds.

    `poll` covers lost pings. A relay that stands by takes over when the stream hasn't moved for
    `takeover` although the log has.
    """

    page: int = 1000
    poll: float = 0.25
    takeover: float = 0.5
    stream: StreamSettings = StreamSettings()


class Relay:
    """Publishes the log at `log` to the stream at `nats`; `run` until cancelled."""

    def __init__(self, log: Log, nats: Connection, settings: RelaySettings | None = None) -> None:
        self._log = LogInThread(log)
        self._nats = nats
        self._settings = settings or RelaySettings()
        self._woken = asyncio.Event()
        self._pause = Pause(_FIRST_LOOK, self._settings.poll)
        self._standing_by = False
        self._position: int | None = None

    @property
    def position(self) -> int | None:
        """All events up to here are in the stream or need no transport; None before the start.

        For metrics. That the relay goes on from here when the stream is wiped under it only spares
        consumers a wait.
        """
        return self._position

    @property
    def is_standing_by(self) -> bool:
        """True while another relay is at work."""
        return self._standing_by

    async def run(self) -> None:
        """Relay until cancelled, through any outage of Postgres or NATS."""
        pause = Pause(first=0.05, longest=2.0)
        while True:
            stop_if_cancelled()
            try:
                await self._nats.wait()
                await declare(self._nats.jetstream, self._settings.stream)
                if self._standing_by:
                    await self._stand_by()
                async with self._publisher() as publisher:
                    pause.reset()
                    await self._follow(publisher)
            except Overtaken as news:
                logger.info("another relay is at work, standing by: %s", news)
                self._standing_by = True
                STANDING_BY.set(1)
            except _DOWN as error:
                logger.warning("relay waits, %s: %s", type(error).__name__, error)
                await pause.sleep()

    @contextlib.asynccontextmanager
    async def _publisher(self) -> AsyncIterator[Publisher]:
        tip = await find_tip(self._nats.jetstream)
        position = await self._start_after(tip)
        publisher = Publisher(self._nats, tip.sequence, position)
        wake = await self._nats.client.subscribe(WAKE, cb=self._on_wake)
        await publisher.open()
        self._reached(position, 0)
        logger.info("relaying after position %d, sequence %d", position, tip.sequence)
        try:
            yield publisher
        finally:
            with contextlib.suppress(*NATS_DOWN):
                await wake.unsubscribe()
                await publisher.close()

    async def _start_after(self, tip: Tip) -> int:
        last = await self._log.last()
        if tip.position is None:  # who needs older events reads them from the log
            return last if self._position is None else self._position
        if tip.position > last:
            logger.error(
                "the stream ends at position %d, the log at %d: it belongs to another history;"
                " going on from the log's end",
                tip.position,
                last,
            )
            return last
        return tip.position

    async def _follow(self, publisher: Publisher) -> None:
        records = await self._read(publisher.position)
        while True:
            stop_if_cancelled()
            if len(records) == self._settings.page:
                records = await self._publish_and_read(publisher, records)
                continue
            for record in records:
                await publisher.send(record)
            await publisher.drain()
            self._reached(publisher.position, len(records))
            if not records:
                await self._rest()
            records = await self._read(publisher.position)

    async def _publish_and_read(self, publisher: Publisher, records: list[Record]) -> list[Record]:
        """Publish a page while the next one is read."""
        following = asyncio.create_task(self._read(records[-1].position))
        try:
            for record in records:
                await publisher.send(record)
            PUBLISHED.inc(len(records))
            return await following
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)

    def _reached(self, position: int, published: int) -> None:
        self._position = position
        PUBLISHED.inc(published)
        POSITION.set(position)
        STANDING_BY.set(0)

    async def _read(self, after: int) -> list[Record]:
        return await self._log.read(after, self._settings.page)

    async def _rest(self) -> None:
        """Until a ping or the next poll.

        An event that was pinged may not be settled yet, because another transaction was open when
        it committed: after a ping the log is looked at again soon, then ever more slowly.
        """
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), self._pause.step())
            self._pause.reset()
        self._woken.clear()

    async def _on_wake(self, _: Msg) -> None:
        self._woken.set()

    async def _stand_by(self) -> None:
        """Return when the log goes on and the stream doesn't."""
        tip = await find_tip(self._nats.jetstream)
        while True:
            await asyncio.sleep(self._settings.takeover)
            before, tip = tip, await find_tip(self._nats.jetstream)
            if tip.sequence != before.sequence:
                continue
            if tip.position is None or await self._log.read(tip.position, 1):
                self._standing_by = False
                return
