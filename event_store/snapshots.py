"""Snapshots: the state of a long stream at some version, so that loading it stays quick.

They are a cache: derived from the log, and safe to delete at any time.
"""

import typing
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from eventsourcing.domain import DomainEventProtocol, Snapshot
from eventsourcing.persistence import Mapper, StoredEvent
from eventsourcing.postgres import PostgresAggregateRecorder
from eventsourcing.utils import get_topic
from psycopg import Cursor
from psycopg.rows import DictRow

from domain.aggregate import Aggregate
from event_store.event_type import is_personal
from event_store.keys import PersonalKeys
from event_store.recorder import translated

STATE_VERSION = 4
"""Raised when the form of any aggregate's state changes: older snapshots are then passed over."""

_CONTEXT = b"snapshot"


class SnapshotMapper(Mapper[UUID]):
    """Maps snapshots both ways, typed by the aggregate's annotations.

    The state of an aggregate with personal attributes is sealed as a whole, under the key of the
    person whose stream it is.
    """

    def __init__(self, aggregates: typing.Iterable[type[Aggregate]], keys: PersonalKeys) -> None:
        self._keys = keys
        self._kinds = {aggregate.STREAM_TYPE: _Kind(aggregate) for aggregate in aggregates}

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredEvent:
        assert isinstance(domain_event, Snapshot)
        kind = next(k for k in self._kinds.values() if k.topic == domain_event.topic)
        state = msgspec.json.encode(domain_event.state)
        if kind.personal:
            sealed = self._keys.seal(domain_event.originator_id, state, _CONTEXT)
            state = msgspec.json.encode(sealed)
        return StoredEvent(
            originator_id=domain_event.originator_id,
            originator_version=domain_event.originator_version,
            topic=kind.name,
            state=state,
        )

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[UUID]:
        kind = self._kinds[stored_event.topic.partition(".")[0]]
        assert isinstance(stored_event.originator_id, UUID)
        data = stored_event.state
        if kind.personal:
            sealed = msgspec.json.decode(data, type=str)
            data = self._keys.unseal(stored_event.originator_id, sealed, _CONTEXT)
        state = msgspec.json.decode(data, type=kind.state)
        attributes = {name: getattr(state, name) for name in state.__struct_fields__}
        return Snapshot(
            originator_id=stored_event.originator_id,
            originator_version=stored_event.originator_version,
            timestamp=attributes["_modified_on"],
            topic=kind.topic,
            state=attributes,
        )


class _Kind:
    """How the state of one kind of aggregate is typed."""

    def __init__(self, aggregate: type[Aggregate]) -> None:
        hints = typing.get_type_hints(aggregate, include_extras=True)
        attributes = {
            name: hint
            for name, hint in hints.items()
            if hint is not typing.TypeAlias  # an event class from another module
            and typing.get_origin(hint) is not typing.ClassVar
            and name != "INITIAL_VERSION"
        }
        self.topic = get_topic(aggregate)
        self.name = f"{aggregate.STREAM_TYPE}.snapshot.v{STATE_VERSION}"
        self.personal = any(map(is_personal, attributes.values()))
        times = [("_created_on", datetime), ("_modified_on", datetime)]
        self.state = msgspec.defstruct(f"{aggregate.__name__}State", [*attributes.items(), *times])


class SnapshotRecorder(PostgresAggregateRecorder):
    """Keeps snapshots in `event_store.snapshots`. Taking one twice is harmless."""

    def _insert_stored_events(
        self, curs: Cursor[DictRow], stored_events: typing.Sequence[StoredEvent], **_: Any
    ) -> None:
        curs.executemany(
            "INSERT INTO event_store.snapshots (stream_id, version, type, state)"
            " VALUES (%s, %s, %s, %s::text::json) ON CONFLICT DO NOTHING",
            [
                (e.originator_id, e.originator_version, e.topic, e.state.decode())
                for e in stored_events
            ],
        )

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> list[StoredEvent]:
        """The newest snapshots of the present form first, as the repository asks for them.

        One of an erased person, taken by whoever had the key in memory, can't be read: it is none.
        """
        with translated(), self.datastore.pool.connection() as connection:
            rows = connection.execute(
                "SELECT stream_id, version, type, state::text AS state FROM event_store.snapshots"
                " WHERE stream_id = %s AND version <= %s AND type LIKE %s"
                " AND NOT EXISTS (SELECT FROM event_store.personal_keys"
                "  WHERE person_id = stream_id AND destroyed_at IS NOT NULL)"
                " ORDER BY version DESC LIMIT %s",
                (originator_id, lte or 2**62, f"%.snapshot.v{STATE_VERSION}", limit),
            ).fetchall()
        return [
            StoredEvent(
                originator_id=row["stream_id"],
                originator_version=row["version"],
                topic=row["type"],
                state=row["state"].encode(),
            )
            for row in rows
        ]
