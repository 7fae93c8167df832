"""Rows of the log as an auditor reads them: who did what, when, by which command, and why."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from event_store.addresses import Client, Clients
from event_store.event_type import UnknownEventType
from event_store.mapper import Mapper
from event_store.record import Record
from event_store.recorder import SETTLED
from read_api.database import Database

SELECT = (
    "SELECT position, stream_id, stream_type, version, type,"
    " convert_to(data::text, 'UTF8') AS data, convert_to(metadata::text, 'UTF8') AS metadata,"
    " recorded_at FROM event_store.events"
)
IS_SETTLED = f"position < {SETTLED}"


class Person(msgspec.Struct, frozen=True):
    """A person or a service account; `name` is null for one that the read models don't know."""

    id: UUID
    name: str | None


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One event of the log.

    `actor` did it (null: the system), `on_behalf_of` somebody. `causation` is the position of the
    event that a policy reacted to. `data` are the event's own fields, personal ones in the clear;
    of an erased person they say so. `unreadable` says why `data` is shown as it stands in the log.
    """

    position: int
    stream_id: UUID
    stream_type: str
    version: int
    type: str
    recorded_at: datetime
    happened_at: datetime | None
    actor: Person | None
    on_behalf_of: Person | None
    command: str
    command_id: UUID
    correlation_id: UUID
    causation: int | None
    reason: str | None
    imported: bool
    client: Client | None
    data: dict[str, Any]
    unreadable: str | None = None


class _Name(msgspec.Struct, frozen=True):
    id: UUID
    full_name: str


async def names_of(database: Database, records: Sequence[Record]) -> Mapping[UUID, str]:
    """The names of everyone who acted in these rows, or on whose behalf it was.

    Programs act too: by their service account.
    """
    metadata = [record.read_metadata() for record in records]
    people = {person for one in metadata for person in (one.actor, one.on_behalf_of) if person}
    rows = await database.all(
        _Name,
        "SELECT id, full_name FROM read_models.learner WHERE id = ANY(%s)"
        " UNION ALL SELECT id, name FROM read_models.service_account WHERE id = ANY(%s)",
        ([*people], [*people]),
    )
    return {row.id: row.full_name for row in rows}


class Historian:
    """Reads rows of the log out: decodes them and unseals what is personal. Thread-safe."""

    def __init__(self, mapper: Mapper, clients: Clients) -> None:
        self._mapper = mapper
        self._clients = clients

    def describe(
        self, records: Collection[Record], names: Mapping[UUID, str]
    ) -> Sequence[AuditEntry]:
        """The rows with the names of those who acted. Blocks: keys are looked up."""
        return [self._entry(record, names) for record in records]

    def _entry(self, record: Record, names: Mapping[UUID, str]) -> AuditEntry:
        metadata = record.read_metadata()
        data, unreadable = self._data(record)
        happened_at = data.pop("timestamp", None)
        return AuditEntry(
            position=record.position,
            stream_id=record.stream_id,
            stream_type=record.stream_type,
            version=record.version,
            type=record.type,
            recorded_at=record.recorded_at,
            happened_at=happened_at if isinstance(happened_at, datetime) else None,
            actor=_person(metadata.actor, names),
            on_behalf_of=_person(metadata.on_behalf_of, names),
            command=metadata.command,
            command_id=metadata.command_id,
            correlation_id=metadata.correlation_id,
            causation=metadata.causation,
            reason=metadata.reason,
            imported=metadata.imported,
            client=self.client_of(metadata.actor, metadata.client),
            data=data,
            unreadable=unreadable,
        )

    def _data(self, record: Record) -> tuple[dict[str, Any], str | None]:
        """The fields of the event; as they stand in the log when it can't be decoded."""
        try:
            event = self._mapper.decode(record)
            fields = self._mapper.types.named(record.type).payload.__struct_fields__
        except (UnknownEventType, msgspec.ValidationError, ValueError) as error:
            return msgspec.json.decode(record.data), str(error)
        return {name: getattr(event, name) for name in fields}, None

    def client_of(self, owner: UUID | None, sealed: str | None) -> Client | None:
        """Where somebody came from; None when that isn't known, or not any more. Blocks."""
        return self._clients.of(owner, sealed)

    def address_hash(self, address: str) -> UUID:
        """By which events from an address are found."""
        return self._clients.hash(address)


def _person(id: UUID | None, names: Mapping[UUID, str]) -> Person | None:
    return Person(id, names.get(id)) if id else None
