"""Between domain events and the JSON that stands in the log."""

from typing import Any
from uuid import UUID

import msgspec
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import Mapper as LibraryMapper
from eventsourcing.persistence import StoredEvent
from eventsourcing.utils import get_topic

from domain.aggregate import ERASED, EXPIRED
from event_store.event_type import EventType, EventTypes, blank, version_of
from event_store.keys import PersonalKeys, PersonErased
from event_store.record import Record
from event_store.record_keys import RecordExpired

_ENCODER = msgspec.json.Encoder()


class Mapper(LibraryMapper[UUID]):
    """Maps events both ways: names them, types them, upcasts old versions, seals personal data."""

    def __init__(self, types: EventTypes, keys: PersonalKeys) -> None:
        self.types = types
        self.keys = keys

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredEvent:
        event_type = self.types.of_class(type(domain_event))
        fields = vars(domain_event)
        data = {name: fields[name] for name in event_type.payload.__struct_fields__}
        if event_type.personal:
            self._seal(event_type, domain_event.originator_id, data)
        return StoredEvent(
            originator_id=domain_event.originator_id,
            originator_version=domain_event.originator_version,
            topic=event_type.name,
            state=_ENCODER.encode(data),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[UUID]:
        event: DomainEventProtocol[UUID] = self._decode(
            stored_event.topic,
            _uuid(stored_event.originator_id),
            stored_event.originator_version,
            stored_event.state,
        )
        return event

    def decode(self, record: Record) -> Any:
        """The domain event of a row of the log.

        Raises `UnknownEventType`, or `msgspec.ValidationError` for data that isn't of its type.
        """
        return self._decode(record.type, record.stream_id, record.version, record.data)

    def _decode(self, name: str, stream_id: UUID, version: int, data: bytes) -> Any:
        event_type = self.types.named(name)
        if event_type.ends_person:
            # Whoever reads on has no key from before: what comes later is not unsealed any more.
            self.keys.forget(stream_id)
        fields = self._fields(event_type, version_of(name), data)
        if event_type.personal:
            self._unseal(event_type, stream_id, fields)
        fields["originator_id"] = stream_id
        fields["originator_version"] = version
        if version == 1:
            fields["originator_topic"] = get_topic(event_type.aggregate)
        event = object.__new__(event_type.event_class)
        object.__setattr__(event, "__dict__", fields)
        return event

    def _fields(self, event_type: EventType, stored_version: int, data: bytes) -> dict[str, Any]:
        if stored_version == event_type.version:
            payload = msgspec.json.decode(data, type=event_type.payload)
        else:
            old = msgspec.json.decode(data)
            for number in range(stored_version, event_type.version):
                getattr(event_type.event_class, f"upcast_v{number}_v{number + 1}")(old)
            payload = msgspec.convert(old, event_type.payload)
        return {name: getattr(payload, name) for name in payload.__struct_fields__}

    def _seal(self, event_type: EventType, stream_id: UUID, data: dict[str, Any]) -> None:
        person = event_type.person(stream_id, data)
        for name in event_type.personal:
            if person is not None and data[name] is not None:
                plain, context = _ENCODER.encode(data[name]), sealing_context(stream_id, name)
                try:
                    if event_type.aggregate.EXPIRES:
                        data[name] = self.keys.seal_record(stream_id, person, plain, context)
                    else:
                        data[name] = self.keys.seal(person, plain, context)
                except PersonErased:
                    data[name] = ERASED

    def _unseal(self, event_type: EventType, stream_id: UUID, fields: dict[str, Any]) -> None:
        person = event_type.person(stream_id, fields)
        for name, clear in event_type.personal.items():
            sealed = fields[name]
            if person is None or sealed is None:
                continue
            try:
                plain = self.keys.unseal(person, sealed, sealing_context(stream_id, name))
                fields[name] = msgspec.json.decode(plain, type=clear)
            except PersonErased:
                fields[name] = blank(clear, ERASED)
            except RecordExpired:
                fields[name] = blank(clear, EXPIRED)


def sealing_context(stream_id: UUID, field: str) -> bytes:
    """Binds a sealed field to its place: moved elsewhere it can't be unsealed."""
    return stream_id.bytes + field.encode()


def _uuid(value: UUID | str) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)
