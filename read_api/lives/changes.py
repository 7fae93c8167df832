"""What differs between two states, value by value, whatever they are states of."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec


class Way(StrEnum):
    """How one gets from a value to a part of it."""

    NAME = "name"
    """A field of a struct, or of the state itself."""
    KEY = "key"
    """A key of a mapping."""
    INDEX = "index"
    """A place in a list, from 0: of what was there before by the list before, of what was added by
    the list after."""
    MEMBER = "member"
    """An element of a set: it is in it or not."""


class Step(NamedTuple):
    way: Way
    to: Any


Path = tuple[Step, ...]
State = Mapping[str, Any]


class Change(NamedTuple):
    """One value before and after; None where there was, or is, none."""

    path: Path
    before: Any
    after: Any


def changes_between(before: State, after: State) -> list[Change]:
    """Every value that differs, as far inside as both sides have the same form.

    Elements of lists of structs are compared by their ids. What isn't there equals an empty
    collection: a stream begins with lists that nobody put anything into.
    """
    return [change for change in _of_fields(before, after) if not _is_empty_both(change)]


def overlap(one: Path, other: Path) -> bool:
    """Whether one of the paths leads to the other's value, or to a part of it."""
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def written(path: Path) -> str:
    """The path as programmers write it: `modules[…][2].title`."""
    text = ""
    for way, to in path:
        text += f".{to}" if way is Way.NAME and text else str(to) if way is Way.NAME else f"[{to}]"
    return text


def _of_fields(before: State, after: State) -> Iterator[Change]:
    names = [*before, *(name for name in after if name not in before)]
    for name in names:
        yield from _differences(before.get(name), after.get(name), (Step(Way.NAME, name),))


def _is_empty_both(change: Change) -> bool:
    """A new key without a value says something, a new list without elements nothing."""
    if change.before is None and change.after is None:
        return change.path[-1].way is not Way.KEY
    return _is_empty(change.before) and _is_empty(change.after)


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, list | dict | set) and not value)


def _differences(before: Any, after: Any, path: Path) -> Iterator[Change]:
    if before is after or (type(before) is type(after) and before == after):
        return
    inside = _inside(before, after, path)
    if inside is None:
        yield Change(path, before, after)
    else:
        yield from inside


def _inside(before: Any, after: Any, path: Path) -> Iterator[Change] | None:
    """The differences of the parts; None when the values have no parts that can be compared."""
    if before is None and isinstance(after, dict | set):
        before = type(after)()
    if after is None and isinstance(before, dict | set):
        after = type(before)()
    if isinstance(before, msgspec.Struct) and type(before) is type(after):
        return _of_structs(before, after, path)
    if isinstance(before, dict) and isinstance(after, dict):
        return _of_mappings(before, after, path)
    if isinstance(before, set) and isinstance(after, set):
        return _of_sets(before, after, path)
    if isinstance(before, list) and isinstance(after, list):
        return _of_lists(before, after, path)
    return None


def _of_structs(before: msgspec.Struct, after: msgspec.Struct, path: Path) -> Iterator[Change]:
    for name in before.__struct_fields__:
        step = Step(Way.NAME, name)
        yield from _differences(getattr(before, name), getattr(after, name), (*path, step))


def _of_mappings(
    before: Mapping[Any, Any], after: Mapping[Any, Any], path: Path
) -> Iterator[Change]:
    for key, value in before.items():
        yield from _differences(value, after.get(key), (*path, Step(Way.KEY, key)))
    for key, value in after.items():
        if key not in before:
            yield Change((*path, Step(Way.KEY, key)), None, value)


def _of_sets(before: set[Any], after: set[Any], path: Path) -> Iterator[Change]:
    for member in sorted(before - after, key=str):
        yield Change((*path, Step(Way.MEMBER, member)), member, None)
    for member in sorted(after - before, key=str):
        yield Change((*path, Step(Way.MEMBER, member)), None, member)


def _of_lists(before: list[Any], after: list[Any], path: Path) -> Iterator[Change] | None:
    old, new = _by_id(before), _by_id(after)
    if old is not None and new is not None:
        kept_before = [id for id in old if id in new]
        kept_after = [id for id in new if id in old]
        return _of_elements(old, new, path) if kept_before == kept_after else None
    if before and after[: len(before)] == before:
        return _of_added(before, after, path)
    return None


def _of_elements(old: dict[Any, Any], new: dict[Any, Any], path: Path) -> Iterator[Change]:
    for index, (id, value) in enumerate(old.items()):
        step = Step(Way.INDEX, index)
        yield from _differences(value, new.get(id), (*path, step))
    for index, (id, value) in enumerate(new.items()):
        if id not in old:
            yield Change((*path, Step(Way.INDEX, index)), None, value)


def _of_added(before: Sequence[Any], after: Sequence[Any], path: Path) -> Iterator[Change]:
    for index in range(len(before), len(after)):
        yield Change((*path, Step(Way.INDEX, index)), None, after[index])


def _by_id(values: list[Any]) -> dict[Any, Any] | None:
    """The structs of a list by what names them; None when that isn't what the list holds."""
    if not all(isinstance(value, msgspec.Struct) for value in values):
        return None
    named = {_id_of(value): value for value in values}
    return named if len(named) == len(values) and None not in named else None


def _id_of(value: msgspec.Struct) -> Any:
    """Its `id`, or that of what it is about: its first field, when that is one."""
    first = value.__struct_fields__[0]
    return getattr(value, first) if first == "id" or first.endswith("_id") else None
