"""Applying the changes that a life lists, as whoever reads them would: by their paths, in JSON."""

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

Json = Any
_TOKEN = re.compile(r"\.?([^.\[\]]+)|\[([^\]]*)\]")


def applied(state: Json, changes: Iterable[Json]) -> None:
    """Changes the state by what one event changed: values first, then what went, then what came."""
    placed = [(*_place(state, change), change) for change in changes]
    for container, token, change in placed:
        if change["before"] is not None and change["after"] is not None:
            container[_key(container, token)] = change["after"]
    for container, token, change in reversed(placed):
        if change["after"] is None:
            _remove(container, token)
    for container, token, change in placed:
        if change["before"] is None:
            _add(container, token, change["after"])


def without_nothing(value: Json) -> Json:
    """The same without what holds nothing: changes don't tell of it."""
    if isinstance(value, dict):
        told = {name: without_nothing(each) for name, each in value.items()}
        return {name: each for name, each in told.items() if each not in (None, [], {})}
    if isinstance(value, list):
        return [without_nothing(each) for each in value]
    return value


def _place(state: Json, change: Json) -> tuple[Json, str]:
    *inside, last = [name or key for name, key in _TOKEN.findall(change["path"])]
    container = state
    for token, following in pairwise([*inside, last]):
        if isinstance(container, dict) and container.get(token) is None:
            is_list = following.isdigit() or following in (change["before"], change["after"])
            container[token] = [] if is_list else {}
        container = container[_key(container, token)]
    return container, last


def _key(container: Json, token: str) -> Any:
    return int(token) if isinstance(container, list) else token


def _remove(container: Json, token: str) -> None:
    if isinstance(container, list) and not token.isdigit():
        container.remove(token)
    elif isinstance(container, list):
        del container[int(token)]
    else:
        container.pop(token, None)


def _add(container: Json, token: str, value: Json) -> None:
    if isinstance(container, list) and not token.isdigit():
        container.append(value)
        container.sort()
    elif isinstance(container, list):
        container.insert(int(token), value)
    else:
        container[token] = value
