"""Wakes the relay at once after a commit, over a plain NATS subject outside the stream."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from types import TracebackType
from typing import Final, Self

from bus.connection import NATS_DOWN, Connection

logger = logging.getLogger(__name__)

WAKE: Final = "lms-wake"


class Waker:
    """Pings the relay from threads that have just committed.

    Owns a thread with a connection to NATS. A ping is only a courtesy: while NATS is down it is
    lost, and the relay's slow poll finds the events.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wanted = asyncio.Event()
        self._stopping = False
        self._position = 0
        self._scheduled = False
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._main, args=[self._loop], name="waker", daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop the thread; pings from now on do nothing."""
        self._stopping = True
        self._stir()
        if self._thread:
            self._thread.join(timeout=5)

    def ping(self, position: int) -> None:
        """Say that the log now goes up to `position`. Never blocks, never raises; any thread.

        Pings that come faster than they can be sent become one. Two threads that race here may
        lose the higher position, never the ping.
        """
        self._position = max(self._position, position)
        if self._scheduled:
            return
        self._scheduled = True
        self._stir()

    def _stir(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: the process is ending
            if self._loop:
                self._loop.call_soon_threadsafe(self._wanted.set)

    def _main(self, loop: asyncio.AbstractEventLoop) -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(self._run())

    async def _run(self) -> None:
        async with Connection(self._url, "waker") as nats:
            while not self._stopping:
                await self._wanted.wait()
                self._wanted.clear()
                self._scheduled = False  # before reading the position: a later ping comes again
                await self._send(nats, self._position)

    async def _send(self, nats: Connection, position: int) -> None:
        try:
            await nats.client.publish(WAKE, str(position).encode())
        except NATS_DOWN as error:
            logger.debug("ping lost: %s", error)
