"""Command messages, and which function handles which."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from domain.aggregate import Aggregate

if TYPE_CHECKING:
    from commands.work import Work


class Command(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that somebody wants done, named in the imperative. Unknown fields are refused.

    Subclasses repeat `frozen=True`, which type checkers don't inherit.
    """


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value inside a command, such as one of many questions. Unknown fields are refused."""


C = TypeVar("C", bound=Command)
A = TypeVar("A", bound=Aggregate)
Handler = Callable[[Any, "Work"], Aggregate]

HANDLERS: dict[type[Command], Handler] = {}


def handles(command: type[C]) -> Callable[[Callable[[C, "Work"], A]], Callable[[C, "Work"], A]]:
    """Makes the decorated function the one that carries out `command`.

    It returns the aggregate whose id and version are answered; the dispatcher saves it.
    """

    def register(handler: Callable[[C, "Work"], A]) -> Callable[[C, "Work"], A]:
        if command in HANDLERS:
            raise ValueError(f"{command.__name__} has two handlers.")
        HANDLERS[command] = handler
        return handler

    return register
