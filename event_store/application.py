"""The library's application, set up on our log: loads aggregates and appends their events."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import ClassVar, TypeVar
from uuid import UUID

from eventsourcing.application import AggregateNotFoundError, Application, ProcessingEvent
from eventsourcing.persistence import EventStore, PersistenceError
from eventsourcing.postgres import PostgresDatastore
from psycopg.conninfo import conninfo_to_dict

from domain.aggregate import Aggregate
from domain.catalogue import AGGREGATES
from event_store.errors import LogUnavailable
from event_store.event_type import EventTypes
from event_store.keys import PersonalKeys, PersonErased
from event_store.mapper import Mapper
from event_store.master_key import MasterKey
from event_store.recorder import Recorder, Request, Statement
from event_store.snapshots import SnapshotMapper

logger = logging.getLogger(__name__)

T = TypeVar("T", bound=Aggregate)

CACHED_AGGREGATES = 10_000
PATIENCE = 5
"""Seconds to wait for a connection to the database."""


class Log(Application[UUID]):
    """Every stream of the system.

    Loaded aggregates are cached and not read again: a stale one shows as a `VersionConflict` at
    the append, upon which the dispatcher forgets it and tries again.
    """

    is_snapshotting_enabled = True
    snapshotting_intervals: ClassVar = {
        aggregate: aggregate.SNAPSHOT_EVERY for aggregate in AGGREGATES if aggregate.SNAPSHOT_EVERY
    }

    def __init__(
        self, database_url: str, master_key: bytes | MasterKey, *, connections: int = 8
    ) -> None:
        self._master_key = master_key
        super().__init__(env=_environment(database_url, connections))
        self.mapper: Mapper
        self.recorder: Recorder

    def append(
        self,
        aggregates: Sequence[Aggregate],
        *,
        metadata: bytes,
        request: Request | None = None,
        also: Sequence[Statement] = (),
    ) -> int | None:
        """Saves the aggregates in one transaction, as `save` would, which looks at each object's
        protocols at length. Returns the last event's position, `None` when there was no event.

        Raises `VersionConflict`, `RequestRepeated`, `LogUnavailable`.
        """
        appending: ProcessingEvent[UUID] = ProcessingEvent()
        for aggregate in aggregates:
            appending.events.extend(aggregate.collect_events())
            appending.aggregates[aggregate.id] = aggregate
        with self.keys.records.collected() as keys:
            appending.saved_kwargs = {
                "metadata": metadata,
                "request": request,
                "also": also,
                "keys": keys,
            }
            recordings = self._record(appending)
        self._take_snapshots(appending)
        return recordings[-1].notification.id if recordings else None

    def _take_snapshots(self, processing_event: ProcessingEvent[UUID]) -> None:
        try:
            super()._take_snapshots(processing_event)
        except (LogUnavailable, PersistenceError, PersonErased):
            # The events are recorded: a missing snapshot must not make the command look failed.
            logger.warning("A snapshot could not be taken.", exc_info=True)

    def construct_mapper(self) -> Mapper:
        datastore: PostgresDatastore = self.factory.datastore  # type: ignore[attr-defined]
        # Pauses between attempts to connect double: beginning anew finds a server sooner.
        datastore.pool.reconnect_timeout = PATIENCE
        datastore.pool.open()
        self.keys = PersonalKeys(datastore.pool, self._master_key)
        self.types = EventTypes(AGGREGATES)
        return Mapper(self.types, self.keys)

    def construct_snapshot_store(self) -> EventStore[UUID]:
        return self.factory.event_store(
            mapper=SnapshotMapper(AGGREGATES, self.keys),
            recorder=self.factory.aggregate_recorder(purpose="snapshots"),
        )

    def find(self, cls: type[T], id: UUID) -> T | None:
        """The aggregate, from the cache when it is there; `None` when there is no such stream."""
        try:
            aggregate: Aggregate = self.repository.get(id)
        except AggregateNotFoundError:
            return None
        return aggregate if isinstance(aggregate, cls) else None

    def peek(self, cls: type[T], id: UUID) -> T | None:
        """Like `find`, but to be read only: what is in the cache itself, not a copy to change."""
        cache = self.repository.cache
        assert cache is not None
        try:
            aggregate: object = cache.get(id)
        except KeyError:
            return self.find(cls, id)
        return aggregate if isinstance(aggregate, cls) else None

    def find_latest(self, cls: type[T], id: UUID) -> T | None:
        """The aggregate with everything that any process has appended to it until now."""
        aggregate = self.find(cls, id)
        if aggregate is None:
            return None
        newer = list(self.events.get(id, gt=aggregate.version))
        for event in newer:
            event.mutate(aggregate)  # type: ignore[attr-defined]
        if newer:
            self.forget([id])
        return aggregate

    def bring_up_to_date(self, *ids: UUID) -> None:
        """Asks at once whether others have appended to any of these, and forgets those: `find` is
        `find_latest` then, for as long as a decision takes."""
        cache = self.repository.cache
        assert cache is not None
        known: dict[UUID, int] = {}
        for id in ids:
            with suppress(KeyError):
                known[id] = cache.get(id).version
        if known:
            self.forget(self.recorder.behind(known))

    def position_of(self, id: UUID) -> int:
        """The position of the stream's last event; 0 when it has none."""
        return self.recorder.position_of(id)

    def forget(self, ids: Iterable[UUID]) -> None:
        """Drops aggregates from the cache, so that they are loaded anew."""
        cache = self.repository.cache
        for id in ids:
            try:
                assert cache is not None
                cache.get(id, evict=True)
            except KeyError:
                continue

    def forget_everything(self) -> None:
        """Empties the cache: nothing that was unsealed stays in memory."""
        cache = self.repository.cache
        assert cache is not None
        self.forget(list(cache.cache))


def _environment(database_url: str, connections: int) -> Mapping[str, str]:
    parts = conninfo_to_dict(database_url)
    return {
        "PERSISTENCE_MODULE": "event_store.factory",
        "CREATE_TABLE": "no",
        "POSTGRES_DBNAME": str(parts["dbname"]),
        "POSTGRES_HOST": str(parts["host"]),
        "POSTGRES_PORT": str(parts.get("port") or 5432),
        "POSTGRES_USER": str(parts["user"]),
        "POSTGRES_PASSWORD": str(parts.get("password") or ""),
        "POSTGRES_POOL_SIZE": str(connections),
        "POSTGRES_CONNECT_TIMEOUT": str(PATIENCE),
        "POSTGRES_IDLE_IN_TRANSACTION_SESSION_TIMEOUT": "10",
        "AGGREGATE_CACHE_MAXSIZE": str(CACHED_AGGREGATES),
        "AGGREGATE_CACHE_FASTFORWARD": "n",
    }
