"""The stream described as AsyncAPI 3.0: one channel for each type of event, from the code."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from bus.message import DATA_IN_LOG, POSITION, PREVIOUS_POSITION, TRACE, subject_for
from bus.stream import STREAM
from event_store.event_type import EventType

_SCHEMAS: Final = "#/components/schemas/{name}"
_INFO: Final = (
    f"Every event of the log, on the JetStream stream `{STREAM}`, in position order. NATS is"
    " transport: a consumer that finds a gap (`Lms-Previous-Position` above what it has seen) reads"
    " the log. Headers follow CloudEvents 1.0; in their values everything that isn't printable"
    " ASCII, and the percent sign, is percent-encoded. Fields with `x-personal: true` are about a"
    " person and are sealed under that person's key."
)
_INTEGER: Final = {"type": "string", "pattern": "^[0-9]+$"}
_HEADERS: Final[dict[str, dict[str, Any]]] = {
    "ce-specversion": {"const": "1.0"},
    "ce-id": {"type": "string", "description": "Stream id, slash, version: unique for good."},
    "ce-type": {"type": "string", "description": "Name and version of the type of event."},
    "ce-source": {"const": "/lms"},
    "ce-subject": {"type": "string", "format": "uuid", "description": "The stream's id."},
    "ce-time": {"type": "string", "format": "date-time", "description": "When it was recorded."},
    POSITION: _INTEGER | {"description": "The event's position in the log."},
    PREVIOUS_POSITION: _INTEGER | {"description": "Position of the event before it in the log."},
    "Lms-Version": _INTEGER | {"description": "The event's version in its stream."},
    "Lms-Stream-Type": {"type": "string", "description": "The kind of aggregate."},
    TRACE: {"type": "string", "description": "W3C trace context of the command, when it has one"},
    "Lms-Metadata": {"type": "string", "description": "JSON: actor, correlation, causation, …"},
    DATA_IN_LOG: {"const": "true", "description": "Too large to carry: read it from the log."},
    "Nats-Msg-Id": _INTEGER | {"description": "The position again, for the server."},
}
_OPTIONAL_HEADERS: Final = frozenset({DATA_IN_LOG, "Lms-Metadata", TRACE})


def asyncapi(types: Iterable[EventType], *, version: str) -> dict[str, Any]:
    """The document, ready to be written as JSON; `version` is the program's."""
    events = sorted(types, key=lambda event: event.name)
    payloads, schemas = msgspec.json.schema_components(
        [event.payload for event in events], ref_template=_SCHEMAS
    )
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "LMS events", "version": version, "description": _INFO},
        "defaultContentType": "application/json",
        "channels": {event.name: _channel(event) for event in events},
        "operations": {f"publish.{event.name}": _operation(event) for event in events},
        "components": {
            "messages": {
                event.name: _message(event, payload)
                for event, payload in zip(events, payloads, strict=True)
            },
            "schemas": schemas | {"Headers": _headers()},
        },
    }


def _channel(event: EventType) -> dict[str, Any]:
    return {
        "address": f"{subject_for(event.name)}.{{stream_id}}",
        "parameters": {"stream_id": {"description": f"Id of the {event.stream_type}, a UUID."}},
        "messages": {"event": {"$ref": f"#/components/messages/{event.name}"}},
    }


def _operation(event: EventType) -> dict[str, Any]:
    channel = f"#/channels/{event.name}"
    return {
        "action": "send",
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/event"}],
    }


def _message(event: EventType, payload: dict[str, Any]) -> dict[str, Any]:
    message = {
        "name": event.name,
        "title": event.name.rpartition(".v")[0].replace(".", " ").replace("_", " "),
        "headers": {"$ref": _SCHEMAS.format(name="Headers")},
        "payload": payload,
    }
    if said := _said_about(event.event_class):
        message["description"] = said
    return message


def _said_about(event_class: type[Any]) -> str | None:
    """The docstring, unless it is the signature that a dataclass writes for itself."""
    said = inspect.cleandoc(event_class.__doc__ or "")
    return said if said and not said.startswith(f"{event_class.__name__}(") else None


def _headers() -> dict[str, Any]:
    return {
        "type": "object",
        "properties": _HEADERS,
        "required": [name for name in _HEADERS if name not in _OPTIONAL_HEADERS],
    }
