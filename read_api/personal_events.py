"""The events about one person, as they are given to that person: unsealed, others unnamed."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from event_store.record import Record
from read_api.database import Database
from read_api.history import IS_SETTLED, SELECT, AuditEntry, Historian

PAGE = 500
STREAMS = 50
SCHEMA = "/asyncapi.json#/components/schemas/"
"""Where the JSON Schema of an event's data stands, before the name in `schema`."""
OTHER = "another person"
YOU = "you"

_ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_RECORDS = (
    "SELECT stream_type, stream_id, position FROM read_models.personal_record"
    " WHERE person_id = %s ORDER BY stream_type, stream_id, position"
)
_OTHERS = "SELECT id FROM read_models.learner WHERE id = ANY(%s) AND id <> %s"


class _Place(msgspec.Struct, frozen=True):
    stream_type: str
    stream_id: UUID
    position: int


class _Id(msgspec.Struct, frozen=True):
    id: UUID


class PersonalEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event as its person is shown it. `by` is you, another person, a program or the system;
    `client` is where you did it from."""

    position: int
    type: str
    schema: str
    stream_type: str
    stream_id: UUID
    version: int
    happened_at: datetime | None
    recorded_at: datetime
    by: str
    command: str
    correlation_id: UUID
    reason: str | None
    client: dict[str, str | None] | None
    data: Any


class PersonalEvents:
    """All events about `person`, by kind of stream."""

    def __init__(self, database: Database, historian: Historian, person: UUID) -> None:
        self._database = database
        self._historian = historian
        self._person = person

    async def by_kind(self) -> AsyncIterator[tuple[str, AsyncIterator[bytes]]]:
        """(kind of stream, lines of JSON) of each kind, in the order of their names."""
        places = await self._database.all(_Place, _RECORDS, (self._person,))
        for kind in sorted({place.stream_type for place in places}):
            yield kind, self._lines([each for each in places if each.stream_type == kind])

    async def _lines(self, places: Sequence[_Place]) -> AsyncIterator[bytes]:
        streams = [place.stream_id for place in places if not place.position]
        for begin in range(0, len(streams), STREAMS):
            async for records in self._streams(streams[begin : begin + STREAMS]):
                yield await self._shown(records)
        positions = [place.position for place in places if place.position]
        for begin in range(0, len(positions), PAGE):
            query = f"{SELECT} WHERE {IS_SETTLED} AND position = ANY(%s) ORDER BY position"
            some = positions[begin : begin + PAGE]
            yield await self._shown(await self._database.all(Record, query, (some,)))

    async def _streams(self, streams: Sequence[UUID]) -> AsyncIterator[Sequence[Record]]:
        last: tuple[UUID, int] = (UUID(int=0), 0)
        query = (
            f"{SELECT} WHERE {IS_SETTLED} AND stream_id = ANY(%s)"
            " AND (stream_id, version) > (%s, %s) ORDER BY stream_id, version LIMIT %s"
        )
        while records := await self._database.all(Record, query, ([*streams], *last, PAGE)):
            yield records
            last = (records[-1].stream_id, records[-1].version)

    async def _shown(self, records: Sequence[Record]) -> bytes:
        entries = await asyncio.to_thread(self._historian.describe, records, {})
        mentioned = {id for entry in entries for id in _ids(entry.data)}
        others = await self._database.all(_Id, _OTHERS, ([*mentioned], self._person))
        names = {str(other.id) for other in others}
        lines = [msgspec.json.encode(self._event(entry, names)) + b"\n" for entry in entries]
        return b"".join(lines)

    def _event(self, entry: AuditEntry, others: set[str]) -> PersonalEvent:
        mine = entry.actor is not None and entry.actor.id == self._person
        client = msgspec.to_builtins(entry.client) if mine and entry.client else None
        return PersonalEvent(
            position=entry.position,
            type=entry.type,
            schema=SCHEMA + entry.type,
            stream_type=entry.stream_type,
            stream_id=entry.stream_id,
            version=entry.version,
            happened_at=entry.happened_at,
            recorded_at=entry.recorded_at,
            by=YOU if mine else OTHER if entry.actor else "the system",
            command=entry.command,
            correlation_id=entry.correlation_id,
            reason=entry.reason,
            client=client,
            data=without_others(msgspec.to_builtins(entry.data), others),
        )


def without_others(value: Any, others: set[str]) -> Any:
    """The same with `another person` in place of the ids of other people."""
    match value:
        case str():
            return OTHER if value in others else value
        case list():
            return [without_others(each, others) for each in value]
        case dict():
            return {name: without_others(each, others) for name, each in value.items()}
    return value


def _ids(data: Any) -> set[UUID]:
    """Everything in it that looks like an id."""
    return {UUID(found) for found in _ID.findall(msgspec.json.encode(data).decode())}
