"""Appends history in large pieces: many streams in one transaction, by COPY. Loads many streams.

The positions follow the same rule as any append, so readers need know nothing of it. A piece
must stay small enough not to hold readers back (about a thousand events): nobody sees later events
while it is written.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from eventsourcing.persistence import StoredEvent
from psycopg import Connection
from psycopg.rows import scalar_row

from domain.aggregate import Aggregate
from domain.learner import Learner
from event_store.application import Log
from event_store.recorder import INDEX_BITS, MAX_APPEND, Request, Statement, translated

_BASE = f"SELECT (pg_current_xact_id()::text::bigint + epoch) << {INDEX_BITS} FROM event_store.log"
_REMEMBER = (
    "INSERT INTO event_store.idempotency (scope, key, fingerprint, id, version, position)"
    " VALUES (%s, %s, %s, %s, %s, %s)"
)
_LOAD = (
    "SELECT stream_id, stream_type, version, type, data::text AS data FROM event_store.events"
    " WHERE stream_id = ANY(%s) ORDER BY stream_id, version"
)
_COPY = (
    "COPY event_store.events (position, stream_id, stream_type, version, type, data, metadata)"
    " FROM STDIN"
)


class Row(msgspec.Struct, frozen=True, gc=False):
    """An event on its way into the log; `metadata` is JSON, shared by the events of a command."""

    event: StoredEvent
    metadata: str


def append(
    connection: Connection[Any],
    rows: Sequence[Row],
    request: Request,
    also: Sequence[Statement] = (),
) -> int:
    """Appends the rows in their order, in one transaction with the record of `request` and the
    statements in `also`.

    Returns the last position. Raises `RequestRepeated` when the piece has been appended before,
    `VersionConflict`, `LogUnavailable`.
    """
    if not 0 < len(rows) <= MAX_APPEND:
        raise ValueError(f"One append holds from 1 to {MAX_APPEND} events.")
    lines = [_line(row) for row in rows]
    with translated(), connection.transaction():
        base = connection.cursor(row_factory=scalar_row).execute(_BASE, prepare=True).fetchone()
        assert isinstance(base, int)
        last = base | (len(rows) - 1)
        answer = msgspec.structs.replace(request, position=last)
        connection.execute(_REMEMBER, msgspec.structs.astuple(answer), prepare=True)
        for operation, values in also:
            connection.execute(operation, values)
        with connection.cursor().copy(_COPY) as copy:
            copy.write("".join(f"{base | index}\t{line}\n" for index, line in enumerate(lines)))
    return last


def load(log: Log, ids: Sequence[UUID]) -> dict[UUID, Aggregate]:
    """The aggregates of those streams that there are, made of all their events.

    Raises `LogUnavailable`.
    """
    with translated(), log.recorder.datastore.pool.connection() as connection:
        rows = connection.execute(_LOAD, (list(ids),)).fetchall()
    found: dict[UUID, Aggregate] = {}
    people = {row["stream_id"] for row in rows if row["stream_type"] == Learner.STREAM_TYPE}
    log.keys.ensure(sorted(people))
    for row in rows:
        stored = StoredEvent(
            originator_id=row["stream_id"],
            originator_version=row["version"],
            topic=row["type"],
            state=row["data"].encode(),
        )
        event: Any = log.mapper.to_domain_event(stored)
        found[row["stream_id"]] = event.mutate(found.get(row["stream_id"]))
    return found


def _line(row: Row) -> str:
    """The row in COPY's text format, after its position. JSON holds no raw tab or line break.

    It is put together before the transaction begins, to keep that short.
    """
    event = row.event
    stream_type = event.topic.partition(".")[0]
    head = f"{event.originator_id}\t{stream_type}\t{event.originator_version}\t{event.topic}"
    return f"{head}\t{_escaped(event.state.decode())}\t{_escaped(row.metadata)}"


def _escaped(json: str) -> str:
    return json.replace("\\", "\\\\")
