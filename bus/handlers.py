"""How a class that follows events says which method follows which."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

M = TypeVar("M", bound=Callable[..., Any])


class TwoHandlers(TypeError):
    """Two methods of one class follow the same class of event."""


def on(*event_classes: type[Any]) -> Callable[[M], M]:
    """Marks a method as the one that follows these classes of event."""

    def mark(method: M) -> M:
        method.__dict__["follows"] = event_classes
        return method

    return mark


def handlers_of(cls: type[Any]) -> dict[str, Callable[..., Any]]:
    """The marked methods of a class, by each stored type of event that they follow.

    Those of a subclass take the place of its base's. Raises `TwoHandlers`.
    """
    handlers: dict[str, Callable[..., Any]] = {}
    for base in reversed(cls.__mro__):
        handlers |= _own_handlers(base)
    return handlers


def _own_handlers(cls: type[Any]) -> dict[str, Callable[..., Any]]:
    handlers: dict[str, Callable[..., Any]] = {}
    for method in vars(cls).values():
        for event_class in getattr(method, "follows", ()):
            for stored_type in stored_types(event_class):
                if stored_type in handlers:
                    raise TwoHandlers(f"{cls.__name__} follows {stored_type} twice.")
                handlers[stored_type] = method
    return handlers


def stored_types(event_class: type[Any]) -> list[str]:
    """Every stored type, one for each version, that is read as `event_class`."""
    newest = getattr(event_class, "class_version", 1)
    return [f"{event_class.TOPIC}.v{version}" for version in range(1, newest + 1)]
