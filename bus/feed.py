"""A live subscription to the stream that knows when it has gone deaf.

An ephemeral push consumer, from now on, without acknowledgements: its lowest latency, and nothing
to clean up. Whatever it misses, the reader of the log makes good; so it may drop messages when
they come faster than they are taken, and says so. nats-py's own ordered consumer isn't used: it
resets itself in ways that can't be seen from outside, and heals what is healed here already.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from typing import Final

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, Header
from nats.nuid import NUID

from bus.connection import NATS_DOWN, Connection
from bus.message import Envelope, decode
from bus.stream import STREAM

logger = logging.getLogger(__name__)

_HEARTBEAT: Final = 0.5
_DEAF_AFTER: Final = 3 * _HEARTBEAT
_INACTIVE_THRESHOLD: Final = 10.0
_CAPACITY: Final = 5000
_CAPACITY_BYTES: Final = 32 * 1024**2


class Feed:
    """Messages as they arrive; a bounded number waits to be taken."""

    def __init__(self, name: str, nats: Connection) -> None:
        self._name = name
        self._nats = nats
        self._waiting: deque[Envelope] = deque()
        self._waiting_bytes = 0
        self._dropped = False
        self._news = asyncio.Event()
        self._client: Client | None = None
        self._consumer = ""
        self._subscription: Subscription | None = None
        self._heard_at = 0.0

    @property
    def is_live(self) -> bool:
        """True while the server is known to deliver: messages, or at least heartbeats, come."""
        return (
            self._client is not None
            and self._client.is_connected
            and self._now() - self._heard_at < _DEAF_AFTER
        )

    async def open(self) -> bool:
        """Subscribe anew, to what is published from now on. False if that can't be done now."""
        await self._unsubscribe()
        self._nats.on_lost(self._news.set)
        try:
            client = self._nats.client
            inbox = client.new_inbox()
            self._subscription = await client.subscribe(inbox, cb=self._on_message)
            self._consumer = f"{self._name}-{NUID().next().decode()}"
            await self._nats.jetstream.add_consumer(STREAM, self._config(inbox))
        except NATS_DOWN as error:
            logger.debug("%s can't subscribe: %s", self._name, error)
            return False
        self._client = client
        self._heard_at = self._now()
        return True

    async def close(self) -> None:
        """Stop, and leave nothing on the server if it can be reached."""
        self._nats.forget(self._news.set)
        was_live = self.is_live
        await self._unsubscribe()
        if was_live:
            with contextlib.suppress(*NATS_DOWN):
                await self._nats.jetstream.delete_consumer(STREAM, self._consumer)

    async def take(self, limit: int, timeout: float) -> list[Envelope]:  # noqa: ASYNC109 - waits for news, not for work
        """What has arrived, at once; else the first to arrive within `timeout` seconds.

        Empty after `timeout`, when the feed went deaf, or when messages had to be dropped: then
        the log knows more.
        """
        deadline = self._now() + timeout
        while not self._waiting and not self._dropped and self.is_live:
            remaining = min(deadline, self._heard_at + _DEAF_AFTER) - self._now()
            if remaining <= 0:
                break
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), remaining)
            if self._now() >= deadline:
                break
        if not self._waiting:
            self._dropped = False
            return []
        taken = [self._waiting.popleft() for _ in range(min(limit, len(self._waiting)))]
        self._waiting_bytes -= sum(len(envelope.data) for envelope in taken)
        return taken

    def _config(self, inbox: str) -> ConsumerConfig:
        return ConsumerConfig(
            name=self._consumer,
            description=f"live feed of {self._name}",
            deliver_subject=inbox,
            deliver_policy=DeliverPolicy.NEW,
            ack_policy=AckPolicy.NONE,
            idle_heartbeat=_HEARTBEAT,
            inactive_threshold=_INACTIVE_THRESHOLD,
            mem_storage=True,
            num_replicas=1,
        )

    async def _on_message(self, message: Msg) -> None:
        self._heard_at = self._now()
        headers = message.headers or {}
        if Header.STATUS.value in headers:
            return
        if len(self._waiting) >= _CAPACITY or self._waiting_bytes >= _CAPACITY_BYTES:
            self._dropped = True
            return
        try:
            self._waiting.append(decode(headers, message.data))
        except (KeyError, ValueError):
            logger.warning("a foreign message on %s is ignored", message.subject)
            return
        self._waiting_bytes += len(message.data)
        self._news.set()

    async def _unsubscribe(self) -> None:
        subscription, self._subscription = self._subscription, None
        self._client = None
        if subscription is not None:
            with contextlib.suppress(*NATS_DOWN):
                await subscription.unsubscribe()

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
