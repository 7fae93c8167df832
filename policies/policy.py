"""What a policy is: a name, and one method for each event that it reacts to."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from bus.handlers import handlers_of, on
from commands.message import Command
from event_store.record import Record

__all__ = ["Policy", "on"]

Reaction = Callable[[Any, Any, Record], Iterable[Command]]


class Policy:
    """Whenever this happened, do that. Subclasses set `name` and mark their methods with `on`.

    A method gets the decoded event and its record and yields commands. It decides by them alone,
    so that the same event always leads to the same commands in the same order: the event and the
    place in that order make the idempotency key. What depends on the state of other streams is
    decided by the command's handler.

    The name is part of the key and of the stored position: it never changes.
    """

    name: ClassVar[str]
    handlers: ClassVar[Mapping[str, Reaction]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.handlers = handlers_of(cls)

    def commands(self, event: Any, record: Record) -> list[Command]:
        """What to do because of an event that this policy follows."""
        return list(self.handlers[record.type](self, event, record))


def cause(record: Record) -> str:
    """The event's own name, the same in every copy of the log."""
    return f"{record.stream_id}/{record.version}"
