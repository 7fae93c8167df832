"""Changes of some fields: what isn't named stays, what is named without a value is cleared."""

from collections.abc import Mapping
from typing import Any

from msgspec import UNSET


def changed_fields(given: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """What an event about a change carries: new values, and in `cleared` the fields emptied.

    `UNSET` stands for a field that the change doesn't name, `None` for one that it clears. `known`
    holds the present values; a field that isn't in it counts as changed. Empty when nothing
    changes.
    """
    new = {
        name: value
        for name, value in given.items()
        if value is not UNSET and not (name in known and known[name] == value)
    }
    if not new:
        return {}
    return {**new, "cleared": sorted(name for name, value in new.items() if value is None)}


def upcast_without_cleared(state: dict[str, Any]) -> None:
    """The first version of such events could clear nothing."""
    state["cleared"] = []
