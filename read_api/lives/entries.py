"""What is answered about lives, and how it is made of records."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from read_api.database import Database
from read_api.history import AuditEntry, Historian, Person
from read_api.lives.changes import Change, written
from read_api.lives.happenings import Happening
from read_api.lives.names import Names, ids_in, names_of
from read_api.lives.saying import Facts
from read_api.lives.telling import change_text, field_label, sentence


class FieldChange(msgspec.Struct, frozen=True, kw_only=True):
    """One value before and after an event; null where there was, or is, none.

    `path` is where it stands in the state: `questions[2].prompt`. `field` and `text` say the same
    in plain English, with names for ids.
    """

    path: str
    field: str
    before: Any
    after: Any
    text: str


class LifeEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event of a life.

    `sentence` tells all of it: what, by whom (`actor`; null: the system), on whose behalf, why.
    `event` is the event as the log has it. `unreadable` says why its changes can't be told.
    """

    version: int
    position: int
    sentence: str
    happened_at: datetime | None
    recorded_at: datetime
    actor: Person | None
    on_behalf_of: Person | None
    reason: str | None
    changes: Sequence[FieldChange]
    event: AuditEntry
    unreadable: str | None = None


class Teller:
    """Tells what happened in words, with the names that the read models know."""

    def __init__(self, historian: Historian, database: Database) -> None:
        self._historian = historian
        self._database = database

    async def tell(self, happenings: Sequence[Happening]) -> list[LifeEvent]:
        """Tells them in their order."""
        events = await asyncio.to_thread(
            self._historian.describe, [each.record for each in happenings], {}
        )
        changes = [each.changes for each in happenings]
        names = await names_of(self._database, _ids(happenings, changes, events))
        return [
            told(happening, found, event, names)
            for happening, found, event in zip(happenings, changes, events, strict=True)
        ]

    async def name(self, changes: Sequence[Change]) -> Names:
        """The names of all ids in these changes."""
        return await names_of(self._database, ids_in(changes))


def told(happening: Happening, changes: list[Change], event: AuditEntry, names: Names) -> LifeEvent:
    """One event in words."""
    record = happening.record
    metadata = record.read_metadata()
    facts = Facts(
        self_id=record.stream_id,
        fields=event.data,
        before=happening.before,
        after=happening.after,
        names=names,
    )
    actor, on_behalf_of = person(metadata.actor, names), person(metadata.on_behalf_of, names)
    return LifeEvent(
        version=record.version,
        position=record.position,
        sentence=sentence(record.type, facts, metadata, names),
        happened_at=event.happened_at,
        recorded_at=record.recorded_at,
        actor=actor,
        on_behalf_of=on_behalf_of,
        reason=metadata.reason,
        changes=[field_change(change, record.stream_type, names) for change in changes],
        event=msgspec.structs.replace(event, actor=actor, on_behalf_of=on_behalf_of),
        unreadable=happening.unreadable,
    )


def field_change(change: Change, stream_type: str, names: Names) -> FieldChange:
    """A change as it is answered."""
    return FieldChange(
        path=written(change.path),
        field=field_label(change.path, stream_type, names),
        before=plain(change.before),
        after=plain(change.after),
        text=change_text(change, stream_type, names),
    )


def person(id: UUID | None, names: Names) -> Person | None:
    """Somebody who acted, with their name when it is known."""
    if id is None:
        return None
    return Person(id, names[id].text if id in names else None)


def plain(value: Any) -> Any:
    """A value as JSON has it: sets in order, keys as texts."""
    ordered = sorted(value, key=str) if isinstance(value, set | frozenset) else value
    return msgspec.to_builtins(ordered, str_keys=True)


def _ids(
    happenings: Sequence[Happening],
    changes: Sequence[Sequence[Change]],
    events: Sequence[AuditEntry],
) -> Iterator[UUID]:
    """Everyone and everything that sentences may name, people first."""
    for happening, event in zip(happenings, events, strict=True):
        yield happening.record.stream_id
        yield from filter(None, (event.actor and event.actor.id,))
        yield from filter(None, (event.on_behalf_of and event.on_behalf_of.id,))
    for happening, event in zip(happenings, events, strict=True):
        yield from ids_in(event.data)
        short = {name: v for name, v in happening.after.items() if isinstance(v, UUID)}
        yield from ids_in(short)
        yield from ids_in({k: v for k, v in happening.before.items() if isinstance(v, UUID)})
    yield from ids_in(changes)
