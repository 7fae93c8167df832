"""The state of one stream, event by event."""

import copy
from collections.abc import Iterable, Sequence
from dataclasses import MISSING, fields
from typing import Any, Final
from uuid import UUID

import msgspec
from eventsourcing.domain import OriginatorIDError, OriginatorVersionError, Snapshot

from domain.aggregate import Aggregate
from event_store.event_type import UnknownEventType
from event_store.mapper import Mapper
from event_store.record import Record
from read_api.lives.changes import State
from read_api.lives.table import words_of
from read_api.lives.words import Part

UNREADABLE: Final = (
    UnknownEventType,
    msgspec.ValidationError,
    OriginatorIDError,
    OriginatorVersionError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    AssertionError,
)
"""What an event raises that this program can't read, or can't make a state of."""


class Life:
    """A stream up to some version, as its aggregate sees it, with what else its events say.

    `unreadable` are the versions that could not be applied: the state goes on without them.
    """

    def __init__(self, stream_id: UUID, mapper: Mapper) -> None:
        self.stream_id = stream_id
        self.version = 0
        self.unreadable: list[int] = []
        self._mapper = mapper
        self._aggregate: Aggregate | None = None
        self._kept: dict[str, Any] = {}

    def begin_with(self, snapshot: Snapshot, kept: Iterable[Record]) -> None:
        """Begins at a snapshot; `kept` are the events up to there that say more than it holds."""
        aggregate = snapshot.mutate(None)
        assert isinstance(aggregate, Aggregate)
        self._aggregate, self.version = aggregate, aggregate.version
        for record in kept:
            try:
                self._keep(record, self._mapper.decode(record))
            except UNREADABLE:
                self.unreadable.append(record.version)

    def apply(self, record: Record) -> str | None:
        """Goes on to the next event. Returns why it can't be read, if it can't. Blocks: keys are
        looked up."""
        self.version = record.version
        try:
            event = self._mapper.decode(record)
            self._aggregate = event.mutate(self._aggregate)
            self._keep(record, event)
        except UNREADABLE as error:
            self.unreadable.append(record.version)
            if self._aggregate is not None:
                self._aggregate.version = record.version
            return str(error) or type(error).__name__
        return None

    def apply_all(self, records: Sequence[Record]) -> None:
        """Goes on by many events. Blocks."""
        for record in records:
            self.apply(record)

    @property
    def state(self) -> State:
        """A copy of it: every value by its name. Empty before the first event."""
        if self._aggregate is None:
            return dict(self._kept)
        attributes = vars(copy.deepcopy(self._aggregate))
        known = {name: value for name, value in attributes.items() if not name.startswith("_")}
        return {**known, **self._kept}

    def _keep(self, record: Record, event: Any) -> None:
        for kept in words_of(record.type).keeps:
            if isinstance(kept, Part):
                known = self._kept.get(kept.name, {})
                entry = {getattr(event, kept.key): getattr(event, kept.value)}
                self._kept[kept.name] = {**known, **entry}
            elif is_said(event, kept):
                self._kept[kept] = getattr(event, kept)


def is_said(event: Any, name: str) -> bool:
    """Whether an event says anything of a field: the absence of what it may leave out says no."""
    if getattr(event, name) is not None or name in getattr(event, "cleared", ()):
        return True
    (field,) = (field for field in fields(event) if field.name == name)
    return field.default is MISSING or event.originator_version == 1
