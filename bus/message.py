"""A record of the log as a NATS message, and back, without losing a byte.

The body is the event's data as it stands in the log. All else is in headers, in the shape of
CloudEvents' NATS binding: what isn't printable ASCII is percent-encoded, so no value, whatever
it holds, can end its header line and begin another.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import unquote, unquote_to_bytes
from uuid import UUID

import msgspec

from event_store.record import Record

SUBJECTS: Final = "lms.>"
POSITION: Final = "Lms-Position"
PREVIOUS_POSITION: Final = "Lms-Previous-Position"
# Set when the event is larger than the server carries: the reader finds it in the log.
DATA_IN_LOG: Final = "Lms-Data-In-Log"
TRACE: Final = "traceparent"
# What the server and nats-py may add to a message: its fence, its id, line ends.
_ROOM_FOR_FENCE: Final = 512

_UNSAFE = re.compile(rb"[^\x20-\x7e]|%|\A | \Z")
_NOT_A_TOKEN = re.compile(r"[^A-Za-z0-9_-]")
_VERSION_SUFFIX = re.compile(r"\.v\d+\Z")


class Envelope(msgspec.Struct, frozen=True):
    """A received message: where it stands in the log, and the means to read it.

    `previous` is the position of the event before it in the log: whoever hasn't seen that one
    has a gap.
    """

    position: int
    previous: int
    type: str
    headers: Mapping[str, str]
    data: bytes

    @property
    def is_complete(self) -> bool:
        """False when the event was too large to be carried."""
        return DATA_IN_LOG not in self.headers

    def record(self) -> Record:
        """The record as it stands in the log."""
        headers = self.headers
        return Record(
            position=self.position,
            stream_id=UUID(headers["ce-subject"]),
            stream_type=unquote(headers["Lms-Stream-Type"]),
            version=int(headers["Lms-Version"]),
            type=self.type,
            data=self.data,
            metadata=unquote_to_bytes(headers["Lms-Metadata"]),
            recorded_at=datetime.fromisoformat(headers["ce-time"]),
        )


def subject_of(record: Record) -> str:
    """`lms.<aggregate>.<event>.<stream id>`."""
    return f"{subject_for(record.type)}.{record.stream_id}"


def subject_for(event_type: str) -> str:
    """`lms.<aggregate>.<event>`, from a type such as `course.published.v1`."""
    aggregate, _, event = _VERSION_SUFFIX.sub("", event_type).partition(".")
    return f"lms.{_token(aggregate)}.{_token(event)}"


def encode(record: Record, previous: int, max_payload: int) -> tuple[dict[str, str], bytes]:
    """Headers and body of the message for `record`.

    `max_payload` is what the server accepts, in bytes, headers included. A larger event travels
    without its data: only the fact that it happened, and where.
    """
    headers = _headers(record, previous)
    if (trace := record.trace) is not None:
        headers[TRACE] = trace
    headers["Lms-Metadata"] = _escape(record.metadata)
    size = sum(len(name) + len(value) + 4 for name, value in headers.items()) + len(record.data)
    if size + _ROOM_FOR_FENCE <= max_payload:
        return headers, record.data
    del headers["Lms-Metadata"]
    headers[DATA_IN_LOG] = "true"
    return headers, b""


def decode(headers: Mapping[str, str], data: bytes) -> Envelope:
    """The message as received. Raises `KeyError` or `ValueError` if it is none of ours."""
    return Envelope(
        position=int(headers[POSITION]),
        previous=int(headers[PREVIOUS_POSITION]),
        type=unquote(headers["ce-type"]),
        headers=headers,
        data=data,
    )


def _headers(record: Record, previous: int) -> dict[str, str]:
    return {
        "ce-specversion": "1.0",
        "ce-id": f"{record.stream_id}/{record.version}",
        "ce-type": _escape(record.type.encode()),
        "ce-source": "/lms",
        "ce-subject": str(record.stream_id),
        "ce-time": record.recorded_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        POSITION: str(record.position),
        PREVIOUS_POSITION: str(previous),
        "Lms-Stream-Type": _escape(record.stream_type.encode()),
        "Lms-Version": str(record.version),
    }


def _escape(raw: bytes) -> str:
    return _UNSAFE.sub(lambda found: b"%%%02X" % ord(found[0]), raw).decode("ascii")


def _token(name: str) -> str:
    return _NOT_A_TOKEN.sub("_", name) or "_"
