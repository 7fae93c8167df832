"""The words that the bus's tests are told in."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from bus.cancellation import end, stop_if_cancelled
from bus.connection import NATS_DOWN, Connection
from bus.consumer import Consumer
from bus.log import Log
from bus.message import POSITION
from bus.relay import Relay, RelaySettings
from bus.stream import STREAM, find_tip
from event_store.record import Record

DEADLINE = 20.0
QUICK = RelaySettings(page=50, poll=0.05, takeover=0.1)


async def until(condition: Callable[[], bool]) -> None:
    """Return once the condition holds; fail after the deadline."""
    async with asyncio.timeout(DEADLINE):
        while True:
            if condition():
                return
            await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def running(work: Coroutine[Any, Any, None]) -> AsyncIterator[asyncio.Task[None]]:
    """Run `work` beside the block; if it fails, so does the block."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        if task.done() and not task.cancelled():
            task.result()
        async with asyncio.timeout(DEADLINE):
            await end(task)


@contextlib.asynccontextmanager
async def relaying(log: Log, url: str, settings: RelaySettings = QUICK) -> AsyncIterator[Relay]:
    async with Connection(url, "relay") as nats:
        relay = Relay(log, nats, settings)
        async with running(relay.run()):
            yield relay


async def at_work(*relays: Relay) -> None:
    """Return once these relays have found where to go on; what is appended now, they carry."""
    await until(lambda: all(relay.position is not None for relay in relays))


class Follower:
    """A consumer, and all it was given."""

    def __init__(self, consumer: Consumer, max_events: int = 500) -> None:
        self.consumer = consumer
        self.records: list[Record] = []
        self.batches: list[int] = []
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()
        self._max_events = max_events

    async def run(self) -> None:
        async with contextlib.aclosing(self.consumer.batches(self._max_events)) as batches:
            async for batch in batches:
                self.records += batch.records
                self.batches.append(len(batch.records))
                await self.may_go_on.wait()

    @property
    def positions(self) -> list[int]:
        return [record.position for record in self.records]

    async def reaches(self, position: int) -> None:
        await until(lambda: self.consumer.position >= position)

    async def is_live(self) -> None:
        """Return once the stream delivers to it."""
        feed = self.consumer._feed
        await until(lambda: feed.is_live and not self.consumer._behind)


@contextlib.asynccontextmanager
async def following(
    log: Log,
    url: str,
    position: int = 0,
    *,
    types: list[str] | None = None,
    max_events: int = 500,
) -> AsyncIterator[Follower]:
    async with Connection(url, "follower") as nats:
        follower = Follower(Consumer("follower", nats, log, position, types=types), max_events)
        async with running(follower.run()):
            yield follower


async def positions_in_stream(nats: Connection) -> list[int]:
    """The log positions of all messages of the stream, in its order."""
    jetstream = nats.jetstream
    count = (await jetstream.stream_info(STREAM)).state.messages
    inbox = nats.client.new_inbox()
    subscription = await nats.client.subscribe(inbox)
    config = ConsumerConfig(
        deliver_subject=inbox, deliver_policy=DeliverPolicy.ALL, ack_policy=AckPolicy.NONE
    )
    await jetstream.add_consumer(STREAM, config)
    found: list[int] = []
    while len(found) < count:
        message = await subscription.next_msg(timeout=5)
        found.append(int((message.headers or {})[POSITION]))
    await subscription.unsubscribe()
    return found


async def stream_reaches(nats: Connection, position: int) -> None:
    """Return once the stream has got to the event at `position`."""
    async with asyncio.timeout(DEADLINE):
        while True:
            with contextlib.suppress(*NATS_DOWN):
                if ((await find_tip(nats.jetstream)).position or 0) >= position:
                    return
            stop_if_cancelled()
            await asyncio.sleep(0.01)


async def stream_holds(nats: Connection, count: int) -> None:
    """Return once the stream has that many messages."""
    async with asyncio.timeout(2 * DEADLINE):
        while True:
            if (await nats.jetstream.stream_info(STREAM)).state.messages >= count:
                return
            stop_if_cancelled()
            await asyncio.sleep(0.01)
