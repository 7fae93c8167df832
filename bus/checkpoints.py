"""Tells of signed checkpoints over a plain NATS subject, to whoever wants to keep them."""

import asyncio
import logging
from typing import Final

from bus.connection import NATS_DOWN, Connection
from event_store.seals.checkpoint import Checkpoint

logger = logging.getLogger(__name__)

CHECKPOINTS: Final = "lms-checkpoints"
"""Outside the stream: who wasn't there asks `GET /audit/checkpoints`."""


class CheckpointTeller:
    """Publishes the notes of checkpoints; lost while NATS is down."""

    def __init__(self, nats: Connection, loop: asyncio.AbstractEventLoop) -> None:
        self._nats = nats
        self._loop = loop

    def tell(self, checkpoint: Checkpoint) -> None:
        """From any thread; returns at once, never raises."""
        asyncio.run_coroutine_threadsafe(self._publish(checkpoint.note), self._loop)

    async def _publish(self, note: str) -> None:
        try:
            await self._nats.client.publish(CHECKPOINTS, note.encode())
        except NATS_DOWN as error:
            logger.debug("checkpoint not told: %s", error)
