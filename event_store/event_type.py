"""What the log knows about each type of event: its name, its payload, whose data it holds."""

import dataclasses
import typing
from collections.abc import Iterable, Iterator
from datetime import datetime
from types import UnionType
from typing import Annotated, Any, get_args, get_origin
from uuid import UUID

import msgspec

from domain.aggregate import Aggregate, Personal

ENVELOPE = frozenset({"originator_id", "originator_version", "originator_topic"})


class UnknownEventType(LookupError):
    """The log holds a type of event that this program doesn't know."""


class EventType(msgspec.Struct, frozen=True):
    """One type of event.

    `payload` is the typed form of the JSON in the log: the event's own fields, where a field with
    personal data holds its sealed form. `personal` maps the name of such a field to its type in the
    clear.
    """

    name: str
    stream_type: str
    event_class: type[Any]
    aggregate: type[Aggregate]
    version: int
    payload: type[msgspec.Struct]
    personal: dict[str, Any]
    subject: str | None
    ends_person: bool
    """Whether the key of the stream's person was destroyed with such an event."""

    def person(self, stream_id: UUID, fields: dict[str, Any]) -> UUID | None:
        """Whom the personal fields are about."""
        return fields.get(self.subject) if self.subject else stream_id


class EventTypes:
    """All types of event of the given aggregates, by stored name and by class."""

    def __init__(self, aggregates: Iterable[type[Aggregate]]) -> None:
        self._by_class: dict[type[Any], EventType] = {}
        self._by_name: dict[str, EventType] = {}
        for aggregate in aggregates:
            for event_class in aggregate.event_classes():
                self._add(_describe(aggregate, event_class))

    def _add(self, event_type: EventType) -> None:
        if event_type.name in self._by_name:
            raise ValueError(f"Two events are called {event_type.name}.")
        self._by_class[event_type.event_class] = event_type
        topic = event_type.event_class.TOPIC
        for version in range(1, event_type.version + 1):
            self._by_name[f"{topic}.v{version}"] = event_type

    def __iter__(self) -> Iterator[EventType]:
        return iter(self._by_class.values())

    def of_class(self, event_class: type[Any]) -> EventType:
        return self._by_class[event_class]

    def named(self, name: str) -> EventType:
        """The type that events stored as `name`, of whatever version, are read as."""
        try:
            return self._by_name[name]
        except KeyError:
            raise UnknownEventType(name) from None

    def names_of(self, event_class: type[Any]) -> list[str]:
        """Every stored name, one a version, that is read as `event_class`."""
        topic, version = event_class.TOPIC, self._by_class[event_class].version
        return [f"{topic}.v{number}" for number in range(1, version + 1)]


def version_of(name: str) -> int:
    """The version in a stored name: 2 for `course.published.v2`."""
    return int(name.rpartition(".v")[2])


def _describe(aggregate: type[Aggregate], event_class: type[Any]) -> EventType:
    hints = typing.get_type_hints(event_class, include_extras=True)
    personal = {name: clear_type(hint) for name, hint in hints.items() if is_personal(hint)}
    version = getattr(event_class, "class_version", 1)
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = [("timestamp", datetime)]
    fields += [
        _payload_field(field, hints[field.name], field.name in personal)
        for field in dataclasses.fields(event_class)
        if field.name not in ENVELOPE and field.name != "timestamp"
    ]
    name = aggregate.__name__ + event_class.__name__
    return EventType(
        name=f"{event_class.TOPIC}.v{version}",
        stream_type=aggregate.STREAM_TYPE,
        event_class=event_class,
        aggregate=aggregate,
        version=version,
        payload=msgspec.defstruct(name, fields, kw_only=True, module=event_class.__module__),
        personal=personal,
        subject=getattr(event_class, "SUBJECT", None),
        ends_person=getattr(event_class, "ENDS_PERSON", False),
    )


def _payload_field(
    field: dataclasses.Field[Any], hint: Any, personal: bool
) -> tuple[str, Any] | tuple[str, Any, Any]:
    if personal:
        hint = Annotated[str | None, msgspec.Meta(extra_json_schema={"x-personal": True})]
    if field.default is not dataclasses.MISSING:
        return field.name, hint, field.default
    if field.default_factory is not dataclasses.MISSING:
        return field.name, hint, msgspec.field(default_factory=field.default_factory)
    return field.name, hint


def is_personal(hint: Any) -> bool:
    return get_origin(hint) is Annotated and Personal in get_args(hint)[1:]


def clear_type(hint: Any) -> Any:
    return get_args(hint)[0]


def blank(hint: Any, text: str) -> Any:
    """What stands in a personal field of type `hint` once it can't be read: `text`, or nothing."""
    if hint is str:
        return text
    if isinstance(hint, UnionType) and type(None) in get_args(hint):
        return text if str in get_args(hint) else None
    return (get_origin(hint) or hint)()
