"""One projection on its own connection, at its own position: applies events exactly once."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from typing import Final, Self
from uuid import UUID

from bus.correlation import correlation_of
from domain.learner import Learner
from projections import parked
from projections.connection import Connection, connect
from projections.entry import Entry
from projections.failure import Fenced, fence, is_poison
from projections.pace import Pace
from projections.projection import Projection, Statement

logger = logging.getLogger(__name__)

Prepared = tuple[Entry, list[Statement] | None]

# Events in a transaction while the one that can't be applied is looked for.
_SIFTED_TOGETHER: Final = 25


class Track:
    """A projection's tables in `schema`, written by this object up to `position`.

    Rows and position change in one transaction, and the position only if it is still the one this
    object knows: a second track on the same schema raises `Fenced` and has changed nothing.
    After `Fenced` or any other error the track must be closed and opened anew.
    """

    def __init__(
        self, projection: Projection, schema: str, connection: Connection, position: int
    ) -> None:
        self.projection = projection
        self.schema = schema
        self.position = position
        self._connection = connection
        self._stopped = parked.stopped_streams(connection, schema)
        self._pace = Pace()

    @classmethod
    def open(cls, projection: Projection, conninfo: str, schema: str) -> Self:
        """Raises `Fenced` when the schema is no longer one to write to."""
        connection = connect(conninfo, schema)
        try:
            return cls(projection, schema, connection, _position(connection, schema))
        except BaseException:
            connection.close()
            raise

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def mine(self, entries: Sequence[Entry]) -> list[Entry]:
        """Those of `entries` that this projection follows and has not applied."""
        follows, position = self.projection.follows, self.position
        return [
            entry
            for entry in entries
            if follows(entry.record.type) and entry.record.position > position
        ]

    def apply(self, entries: Sequence[Entry], upto: int) -> None:
        """Applies what is new to this projection in `entries`, which are all events up to `upto`.

        Raises `Fenced`, or `psycopg.OperationalError` and the like when the database fails. An
        event that can't be applied raises nothing: it is parked.
        """
        if upto <= self.position:
            return
        for chunk, position in self._pace.chunks(self.mine(entries), upto):
            self._commit(chunk, position)

    def moved(self, position: int) -> None:
        """Somebody has moved this track's position on its behalf, past events it ignores."""
        self.position = position

    def _commit(self, chunk: list[Entry], upto: int) -> None:
        with fence():
            try:
                self._commit_together(self._all_prepared(chunk), upto, len(chunk))
            except Exception as error:
                if not chunk or not is_poison(error):
                    raise
                self._sift(chunk, upto)

    def _all_prepared(self, chunk: list[Entry]) -> list[Prepared]:
        """For a projection that takes events together, the first stands for all of them; but not
        while some may have to be parked."""
        if chunk and self.projection.follows_all and not self._stopped:
            return [(chunk[0], list(self.projection.prepare(chunk)))]
        return [self._prepared(entry) for entry in chunk]

    def _prepared(self, entry: Entry) -> Prepared:
        """An event with its statements, made before the transaction begins: decoding takes time,
        for personal data even queries."""
        if entry.record.stream_id in self._stopped and not _ends_person(entry):
            return entry, None
        return entry, list(self._statements(entry))

    def _statements(self, entry: Entry) -> Iterable[Statement]:
        return self.projection.prepare([entry])

    def _commit_together(self, chunk: list[Prepared], upto: int, events: int) -> None:
        """All of `chunk` in one transaction and, unless something is parked, one round trip."""
        started = time.perf_counter()
        with self._connection.pipeline(), self._connection.transaction():
            self._advance(upto)
            self._refresh_stopped()
            cursor = self._connection.cursor()
            for entry, statements in chunk:
                if entry.record.stream_id in self._stopped:
                    self._park(entry, None)
                    if not _ends_person(entry):
                        continue
                for sql, params in statements or self._statements(entry):
                    cursor.execute(sql, params)
        self.position = upto
        self._pace.learn(events, time.perf_counter() - started)

    def _sift(self, chunk: list[Entry], upto: int) -> None:
        """Applies `chunk` event by event, and parks the ones that fail."""
        for start in range(0, len(chunk), _SIFTED_TOGETHER):
            part = chunk[start : start + _SIFTED_TOGETHER]
            is_last = start + len(part) == len(chunk)
            position = upto if is_last else part[-1].record.position
            with self._connection.transaction():
                self._advance(position)
                self._refresh_stopped()
                for entry in part:
                    self._apply_or_park(entry)
            self.position = position

    def _apply_or_park(self, entry: Entry) -> None:
        if entry.record.stream_id in self._stopped:
            self._park(entry, None)
            if not _ends_person(entry):
                return
        try:
            self._apply_alone(entry)
        except Exception as error:
            if not is_poison(error):
                raise
            self._park(entry, parked.describe(error))

    def _apply_alone(self, entry: Entry) -> None:
        with self._connection.transaction():
            for sql, params in self._statements(entry):
                self._connection.execute(sql, params)

    def _park(self, entry: Entry, error: str | None) -> None:
        record, name = entry.record, self.projection.name
        parked.park(self._connection, self.schema, self.projection, record, error)
        self._stopped.add(record.stream_id)
        if error is not None:
            logger.warning(
                "%s parks %s at %d: %s",
                name,
                record.type,
                record.position,
                error,
                extra={"correlation_id": correlation_of(record)},
            )

    def _refresh_stopped(self) -> None:
        """Under the lock of the position: a retry may have freed streams meanwhile."""
        if self._stopped:
            self._stopped = parked.stopped_streams(self._connection, self.schema)

    def retry(self, stream_id: UUID, entries: Sequence[Entry]) -> int:
        """Applies a stream's parked events in order, stopping at the first that fails again.

        `entries` are the parked events. Returns how many could be applied.
        """
        applied = 0
        with self._connection.transaction():
            _position(self._connection, self.schema, lock=True)
            still_parked = set(parked.waiting(self._connection, self.schema, stream_id))
            for entry in entries:
                if entry.record.position not in still_parked:
                    continue
                try:
                    self._apply_alone(entry)
                except Exception as error:
                    if not is_poison(error):
                        raise
                    reason = parked.describe(error)
                    parked.failed_again(
                        self._connection, self.schema, entry.record.position, reason
                    )
                    break
                parked.release(self._connection, self.schema, entry.record.position)
                applied += 1
        return applied

    def _advance(self, upto: int) -> None:
        self._connection.execute(
            "SELECT projections.advance(%s, %s, %s)", (self.schema, self.position, upto)
        )


def _ends_person(entry: Entry) -> bool:
    """An erasure doesn't wait behind a parked event: it is applied at once, and once more when the
    events before it can be."""
    return entry.record.type.startswith(Learner.Erased.TOPIC)


def _position(connection: Connection, schema: str, *, lock: bool = False) -> int:
    """Where the build in `schema` is; `lock` keeps others from moving it until the commit."""
    row = connection.execute(
        "SELECT position FROM projections.position WHERE schema = %s AND state <> 'retired'"
        + (" FOR UPDATE" if lock else ""),
        (schema,),
    ).fetchone()
    if row is None:
        raise Fenced(f"{schema} has been replaced")
    return int(row[0])
