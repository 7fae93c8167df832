"""Loads events into the warehouse: all of a batch in SQL, each event exactly once."""

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import duckdb
import msgspec

from event_store.record import Record
from projections.analytics import sql

logger = logging.getLogger(__name__)

# One file of SQL for each stream type; the rest of the folder is about batches as such.
_STAR: Final = frozenset(
    {
        "learner",
        "organization",
        "course",
        "enrollment",
        "assessment",
        "attempt",
        "feedback",
        "testimonial",
        "survey",
        "survey_response",
        "notification",
    }
)

_SLICE: Final = 20_000

# What an event itself can cause; anything else (memory, disk) is not the event's fault.
_EVENTS_FAULT: Final = (
    duckdb.ConstraintException,
    duckdb.ConversionException,
    duckdb.InvalidInputException,
    duckdb.OutOfRangeException,
    duckdb.TypeMismatchException,
)


class BadBatch(Exception):
    """Some event of a batch can't be loaded; nothing of the batch was."""


class _Row(msgspec.Struct, frozen=True):
    position: int
    stream_id: UUID
    stream_type: str
    version: int
    type: str
    data: str  # as text, so that the log's very bytes are kept
    metadata: str
    recorded_at: datetime


class Writer:
    """The one writer of a warehouse. Rows and the position reached share a transaction."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._position: int = self._value("SELECT position FROM raw.state")

    @property
    def position(self) -> int:
        """The position up to which the log has been loaded."""
        return self._position

    def load(self, records: Sequence[Record], reached: int | None = None) -> int:
        """Loads what lies above the position, and moves the position on to `reached`.

        `records` are in position order. Returns how many were new. An event that can't be loaded
        is parked, as are later ones of its stream. Raises `duckdb.Error` when the database itself
        fails; nothing of what was not committed then counts as loaded.
        """
        new = [record for record in records if record.position > self._position]
        if new:
            self._load_or_park(new)
        if reached is not None and reached > self._position:
            self._transaction(lambda: self._move_to(reached))
        return len(new)

    def load_csv(self, path: Path) -> int:
        """Loads rows of `event_store.events` above the position from a file, returns how many.

        Raises `BadBatch` when `load` has to sort out which event is at fault.
        """
        before = self._position
        try:
            self._transaction(
                lambda: self._load(
                    lambda: self._connection.execute(sql.read("load/csv"), {"path": str(path)})
                )
            )
        except _EVENTS_FAULT as error:
            raise BadBatch(str(error)) from error
        return self._count(before)

    def retry_parked(self) -> int:
        """Tries all parked events again, in order; returns how many were loaded."""
        positions = self._connection.execute(
            "SELECT position FROM raw.parked ORDER BY position"
        ).fetchall()
        return sum(self._retry(position) for (position,) in positions)

    def _retry(self, position: int) -> bool:
        def again() -> None:
            self._connection.execute("DELETE FROM raw.parked WHERE position = ?", [position])
            self._load_star(position - 1, position)

        try:
            self._transaction(again)
        except _EVENTS_FAULT:
            return False
        left = self._value("SELECT count(*) FROM raw.parked WHERE position = $1", [position])
        return bool(left == 0)

    def _load_or_park(self, records: Sequence[Record]) -> None:
        try:
            self._transaction(
                lambda: self._load(
                    lambda: self._connection.execute(
                        sql.read("load/records"), {"records": _document(records)}
                    )
                )
            )
        except _EVENTS_FAULT as error:
            if len(records) == 1:
                self._park(records[0], str(error))
                return
            middle = len(records) // 2
            self._load_or_park(records[:middle])
            self._load_or_park(records[middle:])

    def _load(self, insert: Callable[[], object]) -> None:
        insert()
        after = self._position
        while upto := self._end_of_slice(after):
            self._load_star(after, upto)
            after = upto
        self._move_to(after)

    def _end_of_slice(self, after: int) -> int | None:
        """A batch in one transaction may be large; what is typed in memory at once may not."""
        end: int | None = self._value(
            "SELECT max(position) FROM"
            " (SELECT position FROM raw.events WHERE position > $1 ORDER BY position LIMIT $2)",
            [after, _SLICE],
        )
        return end

    def _load_star(self, after: int, upto: int) -> None:
        run = self._connection.execute
        run(sql.read("load/stage"), {"after": after, "upto": upto})
        run(sql.read("load/park"))
        run(sql.read("load/unstage"), {"after": after})
        present = {row[0] for row in run("SELECT DISTINCT stream_type FROM staged").fetchall()}
        for stream_type in sorted(present & _STAR):
            run(sql.read(f"load/{stream_type}"))

    def _park(self, record: Record, error: str) -> None:
        logger.error("parked event %s (%s): %s", record.position, record.type, error)

        def park(kept: Record) -> None:
            self._connection.execute(sql.read("load/records"), {"records": _document([kept])})
            self._connection.execute(
                "INSERT INTO raw.parked VALUES (?, ?, ?, ?)",
                [kept.position, kept.stream_id, error, datetime.now(UTC).replace(tzinfo=None)],
            )
            self._move_to(kept.position)

        try:
            self._transaction(lambda: park(record))
        except _EVENTS_FAULT:
            # Not even its JSON can be kept here; the log has it.
            unreadable = msgspec.structs.replace(record, data=b"{}", metadata=b"{}")
            self._transaction(lambda: park(unreadable))

    def _move_to(self, position: int) -> None:
        self._connection.execute(sql.read("load/position"), {"position": position})

    def _transaction(self, work: Callable[[], object]) -> None:
        self._connection.begin()
        try:
            work()
            self._connection.commit()
        except BaseException:
            self._roll_back()
            raise
        self._connection.execute("DROP TABLE IF EXISTS staged")
        self._position = self._value("SELECT position FROM raw.state")

    def _roll_back(self) -> None:
        try:
            self._connection.rollback()
        except duckdb.Error:
            logger.debug("nothing to roll back", exc_info=True)

    def _count(self, after: int) -> int:
        return int(self._value("SELECT count(*) FROM raw.events WHERE position > $1", [after]))

    def _value(self, query: str, params: list[object] | None = None) -> Any:
        row = self._connection.execute(query, params or []).fetchone()
        assert row is not None
        return row[0]


def _document(records: Sequence[Record]) -> str:
    rows = [
        _Row(
            record.position,
            record.stream_id,
            record.stream_type,
            record.version,
            record.type,
            record.data.decode(),
            record.metadata.decode(),
            record.recorded_at.astimezone(UTC),
        )
        for record in records
    ]
    return msgspec.json.encode(rows).decode()
