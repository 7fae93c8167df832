"""One connection to NATS that comes back by itself.

nats-py can reconnect on its own, but then sends what was buffered for the old server to the new
one, and gives up for good on some errors. Here a connection that breaks is thrown away and a new
one is made: whoever used it sees an error at once and starts over from what it knows.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from types import TracebackType
from typing import Self

import nats.errors
from nats.aio.client import Client
from nats.js import JetStreamContext

from bus.cancellation import end, stop_if_cancelled
from bus.pause import Pause

logger = logging.getLogger(__name__)

NATS_DOWN = (nats.errors.Error, OSError, TimeoutError)
_API_TIMEOUT = 2.0


class NotConnected(nats.errors.Error):
    """NATS can't be reached now; the connection is being made again behind the scenes."""

    def __str__(self) -> str:
        return "not connected to NATS"


class Connection:
    """Keeps a connection to the NATS at `url` while its `async with` block runs.

    Entering doesn't wait for the server: a process starts, and works, while NATS is down.
    """

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._name = name
        self._client: Client | None = None
        self._up = asyncio.Event()
        self._lost = asyncio.Event()
        self._listeners: set[Callable[[], None]] = set()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._keep(), name=f"nats {self._name}")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._task:
            await end(self._task)

    @property
    def is_connected(self) -> bool:
        return self._client is not None and self._client.is_connected

    @property
    def client(self) -> Client:
        """The live client. Raises `NotConnected`."""
        if self._client is None or not self._client.is_connected:
            raise NotConnected
        return self._client

    @property
    def jetstream(self) -> JetStreamContext:
        """JetStream over the live client. Raises `NotConnected`."""
        return self.client.jetstream(timeout=_API_TIMEOUT)

    async def wait(self) -> None:
        """Return as soon as there is a connection."""
        await self._up.wait()

    def on_lost(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever the connection breaks."""
        self._listeners.add(listener)

    def forget(self, listener: Callable[[], None]) -> None:
        """Undo `on_lost`."""
        self._listeners.discard(listener)

    async def _keep(self) -> None:
        pause = Pause(first=0.05, longest=1.0)
        while True:
            try:
                self._client = await self._connect()
            except NATS_DOWN as error:
                if pause.is_fresh:
                    logger.warning("NATS is down (%s): %s", self._name, error)
                await pause.sleep()
                continue
            logger.info("connected to NATS (%s)", self._name)
            pause.reset()
            await self._stay(self._client)

    async def _connect(self) -> Client:
        self._lost.clear()
        client = Client()
        try:
            await self._open(client)
            stop_if_cancelled()
        except BaseException:
            await client.close()
            raise
        return client

    async def _open(self, client: Client) -> None:
        await client.connect(
            self._url,
            name=self._name,
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            connect_timeout=2,
            ping_interval=5,
            max_outstanding_pings=2,
            skip_subject_validation=True,
            error_cb=self._log_error,
            closed_cb=self._note_loss,
        )

    async def _stay(self, client: Client) -> None:
        try:
            self._up.set()
            if not client.is_closed:
                await self._lost.wait()
            logger.warning("connection to NATS lost (%s)", self._name)
        finally:
            self._up.clear()
            self._client = None
            for listener in list(self._listeners):
                listener()
            await client.close()

    async def _log_error(self, error: Exception) -> None:
        logger.debug("NATS (%s): %s", self._name, error)

    async def _note_loss(self) -> None:
        self._lost.set()
