"""Reads streams of the log up to any version, position or instant."""

import asyncio
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Final
from uuid import UUID

import msgspec
from eventsourcing.domain import Snapshot
from eventsourcing.persistence import StoredEvent

from domain.catalogue import AGGREGATES
from event_store.keys import PersonErased
from event_store.mapper import Mapper
from event_store.record import Record
from event_store.snapshots import STATE_VERSION, SnapshotMapper
from read_api.database import Database
from read_api.history import SELECT
from read_api.lives.happenings import Happening, follow
from read_api.lives.life import Life
from read_api.lives.table import words_of

BATCH: Final = 2_000
FROM_THE_LOG_ALONE: Final = 500
"""A state of so few events is made of all of them: a snapshot is a cache, which nothing seals."""

SNAPSHOT: Final = (
    "SELECT version, type, convert_to(state::text, 'UTF8') AS state FROM event_store.snapshots"
    f" WHERE stream_id = %s AND version <= %s AND type LIKE '%%.snapshot.v{STATE_VERSION}'"
    " ORDER BY version DESC LIMIT 1"
)


BEGINNINGS: Final = (
    "SELECT e.position, e.stream_id, e.stream_type, e.version, e.type,"
    " convert_to(e.data::text, 'UTF8') AS data, convert_to(e.metadata::text, 'UTF8') AS metadata,"
    " e.recorded_at FROM unnest(%s::uuid[], %s::bigint[]) AS wanted (stream_id, upto)"
    " JOIN event_store.events e ON e.stream_id = wanted.stream_id AND e.version <= wanted.upto"
    " ORDER BY e.stream_id, e.version"
)


class _Snapshot(msgspec.Struct, frozen=True):
    version: int
    type: str
    state: bytes


class Archive:
    """Makes states of the log. Thread-safe; personal data is in the clear in what it answers."""

    def __init__(self, mapper: Mapper) -> None:
        self.types = mapper.types
        self._mapper = mapper
        self._snapshots = SnapshotMapper(AGGREGATES, mapper.keys)

    async def life(self, database: Database, stream_id: UUID, version: int) -> Life:
        """The stream as it was at a version; 0 is before its first event."""
        life = Life(stream_id, self._mapper)
        if version > FROM_THE_LOG_ALONE:
            await self._begin_with_snapshot(database, life, version)
        while life.version < version:
            records = await self.records(database, life, min(BATCH, version - life.version))
            if not records:
                break
            await asyncio.to_thread(life.apply_all, records)
        return life

    async def records(self, database: Database, life: Life, limit: int) -> list[Record]:
        """The events that come next in a life."""
        return await database.all(
            Record,
            f"{SELECT} WHERE stream_id = %s AND version > %s ORDER BY version LIMIT %s",
            (life.stream_id, life.version, limit),
        )

    async def happenings(self, database: Database, records: Sequence[Record]) -> list[Happening]:
        """These events with the states around them, in the same order."""
        streams: dict[UUID, list[Record]] = {}
        for record in records:
            streams.setdefault(record.stream_id, []).append(record)
        latest = {
            id: max(each.version for each in mine if each.version <= FROM_THE_LOG_ALONE)
            for id, mine in streams.items()
            if any(each.version <= FROM_THE_LOG_ALONE for each in mine)
        }
        beginnings = await database.all(Record, BEGINNINGS, (list(latest), list(latest.values())))
        found = await asyncio.to_thread(self._pass_through, beginnings, streams)
        for record in records:
            if record.position not in found:
                life = await self.life(database, record.stream_id, record.version - 1)
                (found[record.position],) = await asyncio.to_thread(_followed, life, record)
        return [found[record.position] for record in records]

    def _pass_through(
        self, beginnings: Sequence[Record], wanted: Mapping[UUID, Sequence[Record]]
    ) -> dict[int, Happening]:
        """Goes through whole beginnings of streams, and keeps what is wanted. Blocks."""
        positions = {record.position for records in wanted.values() for record in records}
        found: dict[int, Happening] = {}
        for stream_id, records in groupby(beginnings, key=lambda record: record.stream_id):
            life = Life(stream_id, self._mapper)
            for record in records:
                if record.position in positions:
                    (found[record.position],) = follow(life, [record])
                else:
                    life.apply(record)
        return found

    async def _begin_with_snapshot(self, database: Database, life: Life, version: int) -> None:
        row = await database.first(_Snapshot, SNAPSHOT, (life.stream_id, version))
        if row is None:
            return
        snapshot = await asyncio.to_thread(self._opened, life.stream_id, row)
        if snapshot is None:
            return
        kept = await database.all(
            Record,
            f"{SELECT} WHERE stream_id = %s AND version <= %s AND type = ANY(%s) ORDER BY version",
            (life.stream_id, row.version, self._types_that_keep(row.type.partition(".")[0])),
        )
        await asyncio.to_thread(life.begin_with, snapshot, kept)

    def _types_that_keep(self, stream_type: str) -> list[str]:
        """The stored names of events that say more than a snapshot holds."""
        types = self._mapper.types
        return [
            name
            for event_type in types
            if event_type.stream_type == stream_type and words_of(event_type.name).keeps
            for name in types.names_of(event_type.event_class)
        ]

    def _opened(self, stream_id: UUID, row: _Snapshot) -> Snapshot | None:
        """The snapshot; None when it can't be read: its person was erased, or its form is old."""
        stored = StoredEvent(stream_id, row.version, row.type, row.state)
        try:
            snapshot = self._snapshots.to_domain_event(stored)
        except (PersonErased, ValueError, KeyError):
            return None
        assert isinstance(snapshot, Snapshot)
        return snapshot


def _followed(life: Life, record: Record) -> list[Happening]:
    return list(follow(life, [record]))
