"""Publishes records in pipeline, each fenced by the one before it.

Every message says after which sequence, and after which message id, it belongs. The server
refuses it anywhere else, and then all that were sent behind it: a stream can't get a record
twice, or two in the wrong order, whoever else publishes at the same time.
"""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js.api import Header

from bus.connection import Connection, NotConnected
from bus.message import encode, subject_of
from bus.stream import STREAM
from event_store.record import Record

WINDOW: Final = 2048
_ACK_TIMEOUT: Final = 5.0
_YIELD_EVERY: Final = 64
# wrong last message id, wrong last sequence, duplicate still in flight, wrong last sequence
_FENCED: Final = frozenset({10070, 10071, 10158, 10164})


class Overtaken(Exception):
    """Someone else has published: the stream's end isn't where this publisher left it."""


class Refused(Exception):
    """The server did not store a message: it has no such stream, no space, no leader."""


class _ApiError(msgspec.Struct):
    code: int = 0
    err_code: int = 0
    description: str = ""


class _Ack(msgspec.Struct):
    seq: int = 0
    duplicate: bool = False
    error: _ApiError | None = None


_ACK = msgspec.json.Decoder(_Ack)


class Publisher:
    """Continues a stream that ends at `sequence`, with the log's event at `position`.

    `position` is that of the last record sent.
    """

    def __init__(self, nats: Connection, sequence: int, position: int) -> None:
        self.position = position
        self._nats = nats
        self._client = nats.client
        self._start = sequence
        self._sent = sequence
        self._acknowledged = sequence
        self._failure: Exception | None = None
        self._moved = asyncio.Event()
        self._inbox = self._client.new_inbox()
        self._acks: Subscription | None = None

    async def open(self) -> None:
        self._nats.on_lost(self._on_lost)
        self._acks = await self._client.subscribe(f"{self._inbox}.*", cb=self._on_ack)

    async def close(self) -> None:
        self._nats.forget(self._on_lost)
        if self._acks and not self._client.is_closed:
            await self._acks.unsubscribe()

    @property
    def in_flight(self) -> int:
        """Messages sent and not yet acknowledged."""
        return self._sent - self._acknowledged

    async def send(self, record: Record) -> None:
        """Send the log's next record; waits only while the window is full.

        Raises `Overtaken` or `Refused`, for this or an earlier record; then nothing sent since
        counts as published.
        """
        await self._wait_below(WINDOW)
        headers, data = encode(record, self.position, self._client.max_payload)
        headers[Header.MSG_ID.value] = str(record.position)
        headers[Header.EXPECTED_STREAM.value] = STREAM
        headers[Header.EXPECTED_LAST_SEQUENCE.value] = str(self._sent)
        if self._sent > self._start:
            headers[Header.EXPECTED_LAST_MSG_ID.value] = str(self.position)
        self._sent += 1
        self.position = record.position
        await self._client.publish(
            subject_of(record), data, reply=f"{self._inbox}.{self._sent}", headers=headers
        )
        if self._sent % _YIELD_EVERY == 0:
            await asyncio.sleep(0)

    async def drain(self) -> None:
        """Return once all that was sent is stored. Raises as `send` does.

        Raises `NotConnected` when the connection was lost since `open`, even with nothing sent.
        """
        await self._wait_below(1)

    async def _wait_below(self, limit: int) -> None:
        while self._failure is None and self.in_flight >= limit:
            self._moved.clear()
            await asyncio.wait_for(self._moved.wait(), _ACK_TIMEOUT)
        if self._failure is not None:
            raise self._failure

    def _on_lost(self) -> None:
        self._failure = NotConnected()
        self._moved.set()

    async def _on_ack(self, message: Msg) -> None:
        expected = int(message.subject.rpartition(".")[2])
        if self._failure is None:
            self._failure = _failure_in(message, expected)
        if self._failure is None:
            self._acknowledged += 1
        self._moved.set()


def _failure_in(message: Msg, expected: int) -> Exception | None:
    if message.headers and message.headers.get(Header.STATUS.value):
        return Refused("nobody answers for the stream")
    ack = _ACK.decode(message.data)
    if ack.error is not None:
        if ack.error.err_code in _FENCED:
            return Overtaken(ack.error.description)
        return Refused(ack.error.description)
    if ack.duplicate or ack.seq != expected:
        return Overtaken(f"sequence {ack.seq} instead of {expected}")
    return None
