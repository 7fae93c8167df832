"""Appends to the log without a lock, and reads it without gaps.

A position is `((transaction id + epoch) << 16) | index in this append`: appends need no sequence,
no table lock and no NOTIFY, so they share an fsync. A reader stays below the oldest transaction
still running (`SETTLED`): nothing can appear there later.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import msgspec
import psycopg
from eventsourcing.persistence import Notification, StoredEvent, Subscription
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg import Connection
from psycopg.rows import DictRow
from psycopg_pool import PoolTimeout

from event_store.errors import LogUnavailable, RequestRepeated, VersionConflict

INDEX_BITS = 16
MAX_APPEND = 1 << INDEX_BITS

SETTLED = (
    "((pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
    f" + (SELECT epoch FROM event_store.log)) << {INDEX_BITS})"
)
"""SQL: every position below this one is there for good, or never will be."""

INSERT = f"""
INSERT INTO event_store.events
    (position, stream_id, stream_type, version, type, data, metadata)
SELECT ((pg_current_xact_id()::text::bigint + log.epoch) << {INDEX_BITS}) | (e.index - 1),
    e.stream_id, split_part(e.type, '.', 1), e.version, e.type, e.data::json, %s::text::json
FROM event_store.log,
    unnest(%s::uuid[], %s::bigint[], %s::text[], %s::text[])
        WITH ORDINALITY AS e (stream_id, version, type, data, index)
RETURNING position"""

INSERT_ONCE = f"""
WITH appended AS ({INSERT}), remembered AS (
    INSERT INTO event_store.idempotency (scope, key, fingerprint, id, version, position)
    SELECT %s, %s, %s, %s, %s, coalesce((SELECT max(position) FROM appended), %s)
)
SELECT position FROM appended ORDER BY position"""


class Request(msgspec.Struct, frozen=True):
    """An idempotency key and what is to be answered when it is used again.

    `scope` says whose key it is; `fingerprint` is a hash of the command. `position` is answered by
    a command that changed nothing.
    """

    scope: str
    key: str
    fingerprint: bytes
    id: UUID
    version: int
    position: int


Statement = tuple[str, Sequence[Any]]


class Recorder(PostgresApplicationRecorder):
    """The application recorder of the log in `event_store.events`."""

    def __init__(
        self, datastore: PostgresDatastore, *, events_table_name: str = "stored_events"
    ) -> None:
        super().__init__(datastore, events_table_name=events_table_name)

    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        *,
        metadata: bytes = b"{}",
        request: Request | None = None,
        also: Sequence[Statement] = (),
        **_: Any,
    ) -> Sequence[int]:
        """Appends in one transaction with the request's record and the statements in `also`.

        Returns the positions. Raises `VersionConflict`, `RequestRepeated`, `LogUnavailable`. Unlike
        the library's it never tries again by itself: after a lost connection nobody knows whether
        the first try was recorded.
        """
        if len(stored_events) > MAX_APPEND:
            raise ValueError(f"One append holds at most {MAX_APPEND} events.")
        if not stored_events and request is None and not also:
            return []
        sql, params = _insert(stored_events, metadata, request)
        with _translated(), self.datastore.pool.connection() as connection:
            if not also:
                return _positions(connection, sql, params)
            with connection.transaction():
                for statement, values in also:
                    connection.execute(statement, values)
                return _positions(connection, sql, params)

    def find_request(self, scope: str, key: str) -> Request | None:
        """What was answered when this key was used before."""
        with _translated(), self.datastore.pool.connection() as connection:
            row = connection.execute(
                "SELECT scope, key, fingerprint, id, version, position"
                " FROM event_store.idempotency WHERE scope = %s AND key = %s",
                (scope, key),
                prepare=True,
            ).fetchone()
        return Request(**row) if row else None

    def position_of(self, stream_id: UUID) -> int:
        """The position of the stream's last event; 0 when it has none."""
        with _translated(), self.datastore.pool.connection() as connection:
            row = connection.execute(
                "SELECT position FROM event_store.events WHERE stream_id = %s"
                " ORDER BY version DESC LIMIT 1",
                (stream_id,),
            ).fetchone()
        return row["position"] if row else 0

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> list[StoredEvent]:
        order = "DESC" if desc else "ASC"
        with _translated(), self.datastore.pool.connection() as connection:
            rows = connection.execute(
                "SELECT stream_id, version, type, data::text AS data FROM event_store.events"
                " WHERE stream_id = %s AND version > %s AND version <= %s"
                f" ORDER BY version {order} LIMIT %s",
                (originator_id, gt or 0, 2**62 if lte is None else lte, limit),
                prepare=True,
            ).fetchall()
        return [
            StoredEvent(
                originator_id=row["stream_id"],
                originator_version=row["version"],
                topic=row["type"],
                state=row["data"].encode(),
            )
            for row in rows
        ]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> list[Notification]:
        """Settled events only, in the order of their positions."""
        after = -1 if start is None else start - inclusive_of_start
        with _translated(), self.datastore.pool.connection() as connection:
            rows = connection.execute(
                "SELECT position, stream_id, version, type, data::text AS data"
                f" FROM event_store.events WHERE position > %s AND position < {SETTLED}"
                " AND position <= %s AND (%s::text[] IS NULL OR type = ANY(%s))"
                " ORDER BY position LIMIT %s",
                (after, 2**62 if stop is None else stop, *[list(topics) or None] * 2, limit),
            ).fetchall()
        return [
            Notification(
                id=row["position"],
                originator_id=row["stream_id"],
                originator_version=row["version"],
                topic=row["type"],
                state=row["data"].encode(),
            )
            for row in rows
        ]

    def max_notification_id(self) -> int | None:
        with _translated(), self.datastore.pool.connection() as connection:
            row = connection.execute(
                f"SELECT max(position) AS last FROM event_store.events WHERE position < {SETTLED}"
            ).fetchone()
        return row["last"] if row else None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription[Any]:
        """Nobody is notified by Postgres here: follow the log with `bus.consumer`."""
        raise TypeError("The log is followed with bus.consumer, not by LISTEN.")


def _insert(
    events: Sequence[StoredEvent], metadata: bytes, request: Request | None
) -> tuple[str, Sequence[Any]]:
    params: list[Any] = [
        metadata.decode(),
        [event.originator_id for event in events],
        [event.originator_version for event in events],
        [event.topic for event in events],
        [event.state.decode() for event in events],
    ]
    if request is None:
        return INSERT, params
    return INSERT_ONCE, [*params, *msgspec.structs.astuple(request)]


def _positions(connection: Connection[DictRow], sql: str, params: Sequence[Any]) -> list[int]:
    rows = connection.execute(sql, params, prepare=True).fetchall()
    return [row["position"] for row in rows]


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except psycopg.errors.UniqueViolation as error:
        match error.diag.constraint_name:
            case "events_stream_version":
                raise VersionConflict(str(error)) from error
            case "idempotency_key":
                raise RequestRepeated(str(error)) from error
        raise
    except (psycopg.OperationalError, PoolTimeout) as error:
        raise LogUnavailable(str(error)) from error
