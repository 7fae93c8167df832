"""Read model: where in the log something is about a person, for a copy of all that is kept."""

from collections.abc import Iterable
from typing import Any, Final

from domain.catalogue import AGGREGATES
from event_store.about import is_all_about_one, is_followed, people
from event_store.event_type import EventTypes
from event_store.record import Record
from projections.projection import Projection, Statement, on

TYPES: Final = EventTypes(AGGREGATES)
FOLLOWED: Final = [each.event_class for each in TYPES if is_followed(each)]


class PersonalProjection(Projection):
    """Table `personal_record`."""

    name = "personal"
    version = 1

    @on(*FOLLOWED)
    def told(self, event: Any, record: Record) -> Iterable[Statement]:
        whole = is_all_about_one(TYPES.named(record.type).aggregate)
        for person in sorted(set(people(event, record.stream_type, record.stream_id))):
            yield Statement(
                "INSERT INTO personal_record (person_id, stream_type, stream_id, position)"
                " VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
                (person, record.stream_type, record.stream_id, 0 if whole else record.position),
            )
