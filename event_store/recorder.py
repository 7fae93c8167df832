"""Appends to the log without a lock, and reads it without gaps.

A position is `((transaction id + epoch) << 16) | index in this append`: appends need no sequence,
no table lock and no NOTIFY, so they share an fsync. A reader stays below the oldest transaction
still running (`SETTLED`): nothing can appear there later.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from types import TracebackType
from typing import Any
from uuid import UUID

import msgspec
import psycopg
from eventsourcing.persistence import Notification, StoredEvent, Subscription
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg import Connection
from psycopg.rows import DictRow, tuple_row
from psycopg_pool import PoolTimeout

from event_store.errors import LogUnavailable, RequestRepeated, VersionConflict
from event_store.metrics import measured_append
from event_store.record_keys import RecordKey, kept_statement

INDEX_BITS = 16
PREPARED_PARAMS = 100
MAX_APPEND = 10_000
"""Events in one append: six parameters each, of the 65,535 that a statement may have."""

SETTLED = (
    "((pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
    f" + event_store.epoch()) << {INDEX_BITS})"
)
"""SQL: every position below this one is there for good, or never will be."""

POSITION = f"((pg_current_xact_id()::text::bigint + event_store.epoch()) << {INDEX_BITS})"
"""SQL: the position of the first event that this transaction appends."""


@lru_cache
def insert_sql(events: int) -> str:
    """The INSERT of that many events; takes six parameters for each.

    Rows of plain values: an array of each column, unnested, takes four times as long.
    """
    rows = ",\n".join(
        f"({POSITION} | {index}, %s, %s, %s, %s, %s::json, %s::json)" for index in range(events)
    )
    return (
        "INSERT INTO event_store.events"
        " (position, stream_id, stream_type, version, type, data, metadata)"
        f" VALUES {rows} RETURNING position"
    )


@lru_cache
def insert_once_sql(events: int) -> str:
    """The same, with the record of the idempotency key; takes that one's parameters after it."""
    appended = insert_sql(events) if events else "SELECT NULL::bigint AS position WHERE false"
    return (
        f"WITH appended AS ({appended}), remembered AS ("
        " INSERT INTO event_store.idempotency (scope, key, fingerprint, id, version, position)"
        " SELECT %s, %s, %s, %s, %s, coalesce((SELECT max(position) FROM appended), %s))"
        " SELECT position FROM appended ORDER BY position"
    )


@lru_cache
def _exists_sql(events: int) -> str:
    """Which of so many events are there, by stream and version: half of what arrays would take."""
    one = "SELECT stream_id AS id FROM event_store.events WHERE stream_id = %s AND version = %s"
    return " UNION ALL ".join([one] * events)


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
        keys: Sequence[RecordKey] = (),
        **_: Any,
    ) -> Sequence[int]:
        """Appends in one transaction with the request's record, the statements in `also`, and the
        keys that texts of these events are sealed under.

        Returns the positions. Raises `VersionConflict`, `RequestRepeated`, `LogUnavailable`. Unlike
        the library's it never tries again by itself: after a lost connection nobody knows whether
        the first try was recorded.
        """
        if len(stored_events) > MAX_APPEND:
            raise ValueError(f"One append holds at most {MAX_APPEND} events.")
        if not stored_events and request is None and not also:
            return []
        statement = _insert(stored_events, metadata.decode(), request)
        if statement and keys:
            statement = _with_keys(statement, keys)
        with measured_append(), self._connection() as connection:
            if not also:
                return _positions(connection, statement)
            with connection.transaction():
                for operation, values in also:
                    connection.execute(operation, values)
                return _positions(connection, statement)

    def find_request(self, scope: str, key: str) -> Request | None:
        """What was answered when this key was used before."""
        with self._connection() as connection:
            row = connection.execute(
                "SELECT scope, key, fingerprint, id, version, position"
                " FROM event_store.idempotency WHERE scope = %s AND key = %s",
                (scope, key),
                prepare=True,
            ).fetchone()
        return Request(**row) if row else None

    def says(self, query: str, params: Sequence[Any] | Mapping[str, Any]) -> bool:
        """What a query on operational tables that has one boolean as its answer says now."""
        with translated(), self.datastore.pool.connection() as connection:
            row = connection.execute(query, params).fetchone()
        return row is not None and all(row.values())

    def ask(self, query: str, params: Sequence[Any]) -> list[dict[str, Any]]:
        """The rows that a query on operational tables finds now."""
        with translated(), self.datastore.pool.connection() as connection:
            return connection.execute(query, params).fetchall()

    def behind(self, versions: Mapping[UUID, int]) -> list[UUID]:
        """Those of these streams that have gone on after the version given."""
        with self._connection() as connection:
            rows = connection.execute(
                _exists_sql(len(versions)),
                [each for id, version in versions.items() for each in (id, version + 1)],
                prepare=True,
            ).fetchall()
        return [row["id"] for row in rows]

    def position_of(self, stream_id: UUID) -> int:
        """The position of the stream's last event; 0 when it has none."""
        with self._connection() as connection:
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
        with self._connection() as connection:
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
        with self._connection() as connection:
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
        with self._connection() as connection:
            row = connection.execute(
                f"SELECT max(position) AS last FROM event_store.events WHERE position < {SETTLED}"
            ).fetchone()
        return row["last"] if row else None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription[Any]:
        """Nobody is notified by Postgres here: follow the log with `bus.consumer`."""
        raise TypeError("The log is followed with bus.consumer, not by LISTEN.")

    def _connection(self) -> "_Lease":
        return _Lease(self.datastore)


class _Lease:
    """A connection of the pool whose errors are this room's.

    One that turns out to be dead is seldom alone, for the server has restarted: the others are
    looked at before each of them fails somebody. A class around `getconn`, for half the time that
    the pool's own generator takes: every append pays for it.
    """

    __slots__ = ("_connection", "_pool")

    def __init__(self, datastore: PostgresDatastore) -> None:
        self._pool = datastore.pool

    def __enter__(self) -> Connection[DictRow]:
        try:
            self._connection = self._pool.getconn()
        except (psycopg.Error, PoolTimeout) as error:
            _raise_translated(error)
            raise
        return self._connection

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.putconn(self._connection)
        if error is None:
            return
        if self._connection.closed and isinstance(error, psycopg.OperationalError):
            self._pool.check()
        _raise_translated(error)


def _insert(
    events: Sequence[StoredEvent], metadata: str, request: Request | None
) -> Statement | None:
    params: list[Any] = []
    for event in events:
        stream_type = event.topic.partition(".")[0]
        row = (event.originator_id, stream_type, event.originator_version, event.topic)
        params += [*row, event.state.decode(), metadata]
    if request is None:
        return (insert_sql(len(events)), params) if events else None
    return insert_once_sql(len(events)), [*params, *msgspec.structs.astuple(request)]


def _with_keys(statement: Statement, keys: Sequence[RecordKey]) -> Statement:
    """The same, which keeps the keys too: one statement, for a transaction of several takes twice
    as long."""
    sql, params = statement
    insert, values = kept_statement(keys)
    rest = f", {sql.removeprefix('WITH ')}" if sql.startswith("WITH ") else f" {sql}"
    return f"WITH kept AS ({insert}){rest}", [*values, *params]


def _positions(connection: Connection[DictRow], statement: Statement | None) -> list[int]:
    if statement is None:
        return []
    sql, params = statement
    # What is prepared stays in the memory of the connection: only the usual sizes are.
    cursor = connection.cursor(row_factory=tuple_row)
    cursor.execute(sql, params, prepare=len(params) < PREPARED_PARAMS)
    return [position for (position,) in cursor.fetchall()]


@contextmanager
def translated() -> Iterator[None]:
    """Turns what the database says into this room's errors."""
    try:
        yield
    except (psycopg.Error, PoolTimeout) as error:
        _raise_translated(error)
        raise


def _raise_translated(error: BaseException) -> None:
    """Raises this room's error for that one, if there is one."""
    match error:
        case psycopg.errors.UniqueViolation():
            match error.diag.constraint_name:
                case "events_stream_version":
                    raise VersionConflict(str(error)) from error
                case "idempotency_key":
                    raise RequestRepeated(str(error)) from error
        case psycopg.errors.ForeignKeyViolation():
            # What an operational row refers to went away, or came into use, after it was looked at.
            raise VersionConflict(str(error)) from error
        case psycopg.OperationalError() | PoolTimeout():
            raise LogUnavailable(str(error)) from error
