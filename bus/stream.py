"""The one JetStream stream, and its last message."""

from __future__ import annotations

import logging
from typing import Final

import msgspec
from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import BadRequestError, NotFoundError

from bus.message import POSITION, SUBJECTS

logger = logging.getLogger(__name__)

STREAM: Final = "LMS"
_NAME_IN_USE: Final = 10058


class StreamSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How much the stream keeps. It is transport only: older history is read from the log.

    `max_age` and `duplicate_window` in seconds, `max_bytes` in bytes.
    """

    max_age: float = 7 * 24 * 3600
    max_bytes: int = 4 * 1024**3
    duplicate_window: float = 120
    replicas: int = 1


class Tip(msgspec.Struct, frozen=True):
    """The end of the stream: its last sequence, and the log position of the message there.

    `position` is None when the stream holds no message.
    """

    sequence: int
    position: int | None


async def declare(jetstream: JetStreamContext, settings: StreamSettings) -> None:
    """Create the stream, or bring it up to `settings`. Any number may do so at once."""
    config = StreamConfig(
        name=STREAM,
        description="Every event of the log, in position order",
        subjects=[SUBJECTS],
        retention=RetentionPolicy.LIMITS,
        discard=DiscardPolicy.OLD,
        storage=StorageType.FILE,
        max_age=settings.max_age,
        max_bytes=settings.max_bytes,
        duplicate_window=settings.duplicate_window,
        num_replicas=settings.replicas,
    )
    try:
        await jetstream.add_stream(config)
    except BadRequestError as error:
        if error.err_code != _NAME_IN_USE:
            raise
        logger.info("bringing stream %s up to its settings", STREAM)
        await jetstream.update_stream(config)


async def find_tip(jetstream: JetStreamContext) -> Tip:
    """The end of the stream now."""
    state = (await jetstream.stream_info(STREAM)).state
    if state.messages == 0:
        return Tip(state.last_seq, None)
    try:
        message = await jetstream.get_msg(STREAM, seq=state.last_seq)
    except NotFoundError:  # the last message was deleted or has just expired
        return Tip(state.last_seq, None)
    headers = message.headers or {}
    return Tip(state.last_seq, int(headers[POSITION]) if POSITION in headers else None)
