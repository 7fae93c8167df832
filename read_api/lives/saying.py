"""Values in words, and texts with values in them."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from enum import Enum
from typing import Any, Final
from uuid import UUID

import msgspec

from read_api.lives.changes import State
from read_api.lives.field_names import plain_name
from read_api.lives.names import Names, id_of

LONGEST: Final = 200
"""Characters of a text that are told."""
MOST: Final = 10
"""Elements of a collection that are told."""
TITLES: Final = ("title", "display_name", "name", "prompt")
"""The fields that something is called by."""
UNKNOWN: Final = "…"


def say(value: Any, names: Names) -> str:
    """A value as one would write it in a letter."""
    if isinstance(value, msgspec.Struct):
        return _said_struct(value, names)
    if (id := id_of(value)) is not None:
        return str(names.get(id, id))
    if isinstance(value, Mapping | set | frozenset | list | tuple):
        return _listed(_said_parts(value, names))
    return _said_plain(value)


def _said_plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Enum):
        return str(value.value).replace("_", " ")
    if isinstance(value, datetime):
        return f"{value.day} {value:%B %Y, %H:%M} UTC"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else f"{value:g}"
    if value is None or value == "":
        return "nothing"
    return f"“{_shortened(value)}”" if isinstance(value, str) else str(value)


def _said_parts(value: Collection[Any], names: Names) -> Iterable[str]:
    if isinstance(value, Mapping):
        return [f"{say(key, names)}: {say(each, names)}" for key, each in value.items()]
    said = [say(each, names) for each in value]
    return sorted(said) if isinstance(value, set | frozenset) else said


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST] + UNKNOWN


def _said_struct(value: msgspec.Struct, names: Names) -> str:
    for title in TITLES:
        if isinstance(called := getattr(value, title, None), str):
            return say(called, names)
    told = {name: getattr(value, name) for name in value.__struct_fields__}
    first, *others = [name for name, each in told.items() if each is not None and each != []] or [
        ""
    ]
    if isinstance(told.get(first), UUID):
        rest = [_said_field(name, told[name], names) for name in others]
        return f"{say(told[first], names)} ({', '.join(rest)})"
    return ", ".join(_said_field(name, told[name], names) for name in [first, *others] if name)


def _said_field(name: str, value: Any, names: Names) -> str:
    return f"{plain_name(name)} {say(value, names)}"


def _listed(said: Iterable[str]) -> str:
    """`a, b and c`; of many, the first and how many more there are."""
    all_of_them = list(said)
    if not all_of_them:
        return "none"
    shown, more = all_of_them[:MOST], len(all_of_them) - MOST
    if more > 0:
        return f"{', '.join(shown)} and {more} more"
    *others, last = shown
    return f"{', '.join(others)} and {last}" if others else last


class Facts(Mapping[str, Any]):
    """What a text may name: fields of the event, of the state after it and of the one before."""

    def __init__(
        self, *, self_id: UUID, fields: State, before: State, after: State, names: Names
    ) -> None:
        told = {name: value for name, value in fields.items() if value is not None}
        sides = {"before": before, "event": fields, "after": after}
        self._values: dict[str, Any] = {
            **after,
            **told,
            **{name: _Side(values, names) for name, values in sides.items()},
            "self": self_id,
        }
        self._names = names

    def __getitem__(self, name: str) -> Any:
        value = self._values.get(name)
        return value if isinstance(value, _Side) else _Said(value, self._names, name in self)

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def value(self, name: str) -> Any:
        """The value itself; None when nobody knows it."""
        return self._values.get(name)


class _Said:
    """A value in a text: `{x}`, `{x:plain}` without quotes, `{x:yes|no}` one of two words, of
    which an empty first one is the value itself."""

    def __init__(self, value: Any, names: Names, is_known: bool = True) -> None:
        self._value, self._names, self._is_known = value, names, is_known

    @property
    def is_something(self) -> bool:
        """Whether there is a value."""
        return self._value is not None

    def __format__(self, form: str) -> str:
        yes, is_choice, no = form.partition("|")
        if is_choice and not self._value:
            return no
        if is_choice and (yes or self._value is True):
            return yes
        if not self._is_known:
            return UNKNOWN
        said = say(self._value, self._names)
        if form == "plain" and isinstance(self._value, str):
            return _shortened(str(self._value))
        if form == "words":
            return plain_name(str(self._value).replace(".", " "))
        return said


class _Side:
    """The fields of one side: `{before.score}`."""

    def __init__(self, state: State, names: Names) -> None:
        self._state, self._names = state, names

    def __getattr__(self, name: str) -> _Said:
        return _Said(self._state.get(name), self._names, name in self._state)
