"""What led to an event, as far as the event itself says: ids of other streams in its data."""

from collections.abc import Iterator, Mapping
from typing import Any, Final
from uuid import UUID

import msgspec

from domain.identity import attempt_series_id
from event_store.record import Record
from read_api.lives.names import id_of
from read_api.lives.table import topic_of

MOST: Final = 50
"""Ids of one list that are followed."""
PEOPLE: Final = frozenset(
    {"assessed_by", "by", "created_by", "enrolled_by", "graded_by", "instructors", "manager_id"}
)
"""Fields with people who had a part in it: who acted is told with each event anyway."""
PARTS: Final = frozenset({"kept", "lesson_id", "lessons", "module_id", "secret_id", "session_id"})
"""Fields with ids that have no stream of their own."""
_FIELDS: Final = msgspec.json.Decoder(dict[str, Any])


def fields_of(record: Record) -> Mapping[str, Any]:
    """The fields of an event as they stand in the log."""
    return _FIELDS.decode(record.data)


def links_of(record: Record) -> list[UUID]:
    """The streams that an event names, in the order of its fields."""
    named = dict.fromkeys(
        id for name, value in fields_of(record).items() for id in _ids(name, value)
    )
    return [id for id in named if id != record.stream_id]


def belonging_to(record: Record) -> list[UUID]:
    """Streams that an event doesn't name and that belong to what it began, by ids that follow from
    those in it: the attempts of an enrolment."""
    if topic_of(record.type) not in {"enrollment.created", "enrollment.reinstated"}:
        return []
    fields = fields_of(record)
    learner = UUID(fields["learner_id"])
    return [attempt_series_id(learner, UUID(each)) for each in fields["assessments"][:MOST]]


def version_in(fields: Mapping[str, Any], stream_type: str) -> Any:
    """Which version of such a stream's contents an event speaks of: of a course, `course_version`;
    None when it speaks of none."""
    return fields.get(f"{stream_type}_version")


def _ids(name: str, value: Any) -> Iterator[UUID]:
    if name in PEOPLE or name in PARTS:
        return
    for each in value[:MOST] if isinstance(value, list) else (value,):
        if (id := id_of(each)) is not None:
            yield id
