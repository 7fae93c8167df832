"""Events in words that need no programmer to be read."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from read_api.history import AuditEntry, Person

SYSTEM: Final = "the system"
_MANY: Final = 4
_IDS_OF_THE_RECORD: Final = {"correlation_id"}


def instant(at: datetime | None) -> str:
    """`2026-03-07 14:05:09 UTC`; empty for none."""
    return f"{moment(at)} UTC" if at else ""


def moment(at: datetime | None) -> str:
    """The same for tables, whose headings say that it is UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if at else ""


def day(at: datetime | None) -> str:
    """`2026-03-07`; empty for none."""
    return f"{at:%Y-%m-%d}" if at else ""


def title(type: str) -> str:
    """What happened: `Enrollment completed` for `enrollment.completed.v1`."""
    name = type.rpartition(".v")[0] or type
    return name.replace(".", " ").replace("_", " ").capitalize()


def person(who: Person | None) -> str:
    """A name, or what is known instead of it."""
    if who is None:
        return SYSTEM
    return who.name or f"somebody unknown ({who.id})"


def who(entry: AuditEntry) -> str:
    """Who did it, and on whose behalf."""
    if entry.on_behalf_of is None:
        return person(entry.actor)
    return f"{person(entry.actor)} on behalf of {person(entry.on_behalf_of)}"


def details(entry: AuditEntry, names: Mapping[UUID, str]) -> str:
    """The fields of the event, `name: value` one after the other, and why it happened."""
    parts = [
        f"{_label(field, value, names)}: {_value(value, names)}"
        for field, value in entry.data.items()
        if value is not None and value != [] and field not in _IDS_OF_THE_RECORD
    ]
    if entry.reason:
        parts.append(f"reason given: {entry.reason}")
    if entry.unreadable:
        parts.append(f"as it stands in the log, because: {entry.unreadable}")
    return "; ".join(parts)


def _label(field: str, value: Any, names: Mapping[UUID, str]) -> str:
    named = isinstance(value, UUID) and value in names
    return (field.removesuffix("_id") if named else field).replace("_", " ")


def _value(value: Any, names: Mapping[UUID, str]) -> str:
    if isinstance(value, list):
        few = len(value) <= _MANY
        return ", ".join(_value(item, names) for item in value) if few else f"{len(value)} of them"
    if isinstance(value, UUID):
        return names.get(value, str(value))
    shown = next((show for kind, show in _SHOWN if isinstance(value, kind)), str)
    return shown(value)


_SHOWN: Final[tuple[tuple[Any, Callable[[Any], str]], ...]] = (
    (bool, lambda value: "yes" if value else "no"),
    (datetime, instant),
    (float, "{:g}".format),
    ((dict, msgspec.Struct), lambda value: msgspec.json.encode(value).decode()),
)
