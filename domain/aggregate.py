"""The base of every aggregate, and how its events are named and marked."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

from eventsourcing.domain import Aggregate as LibraryAggregate
from eventsourcing.domain import event
from eventsourcing.utils import register_topic

__all__ = ["ERASED", "EXPIRED", "Aggregate", "Personal", "event"]

ERASED = "erased person"
"""What stands in the place of a text about somebody who was erased."""
EXPIRED = "expired record"
"""What stands in the place of a text in a record that is no longer kept."""


class Personal:
    """Marks an event field or state attribute as personal data: `Annotated[str, Personal]`.

    The event store seals such a field under the key of the person the event is about, so that
    erasing the person makes it unreadable everywhere.
    """


class Aggregate(LibraryAggregate):
    """A stream's state. Subclasses set `STREAM_TYPE` and nest their event classes.

    Each event class sets `TOPIC`, its public name (`course.published`); the log stores
    `TOPIC.v<class_version>`, so moving or renaming a class never touches history. An event about a
    person other than the stream's own sets `SUBJECT` to the name of the field with the person's id.

    A public method decides: it checks, then calls `trigger_event` with the time passed in. A
    private method decorated with `@event(EventClass)` evolves the state.
    """

    STREAM_TYPE: ClassVar[str] = ""
    SNAPSHOT_EVERY: ClassVar[int] = 0
    """Events between two snapshots; 0 for streams that stay short."""
    EXPIRES: ClassVar[bool] = False
    """Whether its streams are records that can expire, and their texts with them."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not cls.STREAM_TYPE:
            return
        register_topic(cls.STREAM_TYPE, cls)
        for event_class in cls.event_classes():
            register_topic(event_class.TOPIC, event_class)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Copies lists, dicts and sets; all other values of a state are immutable.

        Every command works on a copy of the cached aggregate, so this is ten times as fast as
        `copy.deepcopy` for a reason.
        """
        copied = object.__new__(type(self))
        copied.__dict__ = {name: _copied(value) for name, value in self.__dict__.items()}
        return copied

    @classmethod
    def event_classes(cls) -> Iterator[Any]:
        """The event classes of this aggregate that can be stored."""
        for value in vars(cls).values():
            is_event = isinstance(value, type) and issubclass(value, LibraryAggregate.Event)
            if is_event and getattr(value, "TOPIC", None):
                yield value


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_copied(item) for item in value]
    return set(value) if isinstance(value, set) else value
