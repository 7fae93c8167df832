"""Whom an event is about: what belongs into a copy of everything that is kept about a person."""

from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from domain.aggregate import Aggregate
from event_store.event_type import EventType

ABOUT: Final = ("learner_id", "owner_id", "members")
"""Fields with the ids of those whom an event is about."""
NAMED: Final = ("created_by", "instructors", "manager_id", "by")
"""Fields with the ids of those who are named in an event that is about nobody."""
HANDED_ON: Final = frozenset({"external_identity"})
"""Kinds of streams that begin with one person and may go over to another."""


def is_all_about_one(aggregate: type[Aggregate]) -> bool:
    """Whether a stream of that kind is about one person from its first event to its last."""
    if aggregate.STREAM_TYPE == "learner":
        return True
    begin = _fields(_first(aggregate))
    return "learner_id" in begin and aggregate.STREAM_TYPE not in HANDED_ON


def is_followed(event_type: EventType) -> bool:
    """Whether an event of that type says something new about whom its stream is about."""
    if is_all_about_one(event_type.aggregate):
        return event_type.event_class is _first(event_type.aggregate)
    return not _fields(event_type.event_class).isdisjoint((*ABOUT, *NAMED))


def people(event: Any, stream_type: str, stream_id: UUID) -> Iterator[UUID]:
    """Those whom the event is about; those whom it names, when it is about nobody."""
    if stream_type == "learner":
        yield stream_id
        return
    about = [*_ids(event, ABOUT)]
    yield from about or _ids(event, NAMED)


def _ids(event: Any, names: tuple[str, ...]) -> Iterator[UUID]:
    for name in names:
        value = getattr(event, name, None)
        for each in value if isinstance(value, list) else (value,):
            if isinstance(each, UUID):
                yield each


def _first(aggregate: type[Aggregate]) -> type[Any]:
    first: type[Any] = next(
        each for each in aggregate.event_classes() if issubclass(each, Aggregate.Created)
    )
    return first


def _fields(event_class: type[Any]) -> set[str]:
    return {*event_class.__dataclass_fields__}
