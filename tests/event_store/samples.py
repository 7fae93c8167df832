"""A stored sample of every version of every event ever written, which must be readable for ever.

`python -m tests.event_store.write_samples` writes those that are missing and changes none.
"""

from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from polyfactory.factories.msgspec_factory import MsgspecFactory

from domain.catalogue import AGGREGATES
from event_store import record_keys
from event_store.event_type import EventType, EventTypes
from event_store.keys import PREFIX

FOLDER = Path(__file__).parent / "samples"
PERSON = UUID("11111111-1111-4111-8111-111111111111")
"""Every sample is about this person, whose key the samples were sealed with."""
MASTER_KEY = bytes(range(32))
WRAPPED_KEY = FOLDER / "personal_key.b64"


def path_of(name: str) -> Path:
    return FOLDER / f"{name}.json"


def missing(types: EventTypes) -> list[EventType]:
    return [event_type for event_type in types if not path_of(event_type.name).exists()]


def plausible(event_type: EventType) -> dict[str, Any]:
    """A payload with some value in every field, personal ones in clear."""
    factory = MsgspecFactory.create_factory(event_type.payload)
    factory.seed_random(1)
    fields: dict[str, Any] = msgspec.to_builtins(factory.build())
    fields["timestamp"] = "2026-01-02T03:04:05.678901Z"
    if event_type.subject:
        fields[event_type.subject] = str(PERSON)
    return fields


def is_sealed(value: object) -> bool:
    return isinstance(value, str) and value.startswith((PREFIX, record_keys.PREFIX))


TYPES = EventTypes(AGGREGATES)
