"""Which events of the log are copied."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID, uuid4

from psycopg import Connection
from psycopg.rows import args_row, scalar_row
from psycopg.types.string import ByteaBinaryLoader
from psycopg_pool import ConnectionPool

from domain.identity import attempt_series_id
from event_store.record import Record
from event_store.recorder import SETTLED
from read_api.inspecting.inquiry import Inquiry, InspectionRefused

PROJECTIONS: Final = (
    "assessment",
    "attempt",
    "certificate",
    "course",
    "enrollment",
    "feedback",
    "learner",
    "testimonial",
)
"""By these it is found which streams are about whom: nothing after their positions is copied."""
_OF_PEOPLE: Final = ("attempt", "certificate", "enrollment", "feedback", "testimonial")
_COLUMNS: Final = "position, stream_id, stream_type, version, type, data, metadata, recorded_at"
_SETTLED_FOR_ALL: Final = (
    "SELECT least(min(position), (SELECT max(position) FROM event_store.events"
    f" WHERE position < {SETTLED})) FROM projections.position"
    " WHERE state = 'live' AND name = ANY(%s) HAVING count(*) = %s"
)
_BATCH: Final = 500


class Selection:
    """The events of an inquiry, as the log holds them at `position` and for good."""

    def __init__(self, connection: Connection[Any], inquiry: Inquiry) -> None:
        self._connection = connection
        self._inquiry = inquiry
        self.position = self._settled()
        self._streams = self._find_streams()

    def count(self) -> int:
        """How many events are copied."""
        where, params = self._where(self._inquiry)
        return int(self._scalar(f"SELECT count(*) FROM event_store.events {where}", params))

    def whole(self) -> Iterator[list[Record]]:
        """The events from the beginning of each life, in order, in batches; those before the
        period tell what it began with."""
        asked = self._inquiry
        whole = Inquiry(
            subject=asked.subject,
            course=asked.course,
            since=None if self._streams is not None else asked.since,
            until=asked.until,
            asked_by=asked.asked_by,
        )
        where, params = self._where(whole)
        name = f"inspection_{uuid4().hex}"
        cursor = self._connection.cursor(name, binary=True, row_factory=args_row(Record))
        cursor.adapters.register_loader("json", ByteaBinaryLoader)  # as it is, not parsed
        with cursor:
            query = f"SELECT {_COLUMNS} FROM event_store.events {where} ORDER BY position"
            cursor.execute(query.encode(), params)
            while batch := cursor.fetchmany(_BATCH):
                yield batch

    def _where(self, inquiry: Inquiry) -> tuple[str, list[Any]]:
        conditions = ["position <= %s"]
        params: list[Any] = [self.position]
        for condition, value in (
            ("stream_id = ANY(%s)", self._streams),
            ("recorded_at >= %s", inquiry.since),
            ("recorded_at < %s", inquiry.until),
        ):
            if value is not None:
                conditions.append(condition)
                params.append(value)
        return f"WHERE {' AND '.join(conditions)}", params

    def _settled(self) -> int:
        found = self._scalar(_SETTLED_FOR_ALL, [list(PROJECTIONS), len(PROJECTIONS)])
        return int(found or 0)

    def _find_streams(self) -> list[UUID] | None:
        """The streams about a person or a course; None for all there are.

        Raises InspectionRefused when there is no such person or course.
        """
        person, course = self._inquiry.subject, self._inquiry.course
        if person is None and course is None:
            return None
        for table, id, field in (("learner", person, "subject"), ("course", course, "course_id")):
            if id and not self._ids(f"SELECT id FROM read_models.{table} WHERE id = %s", [id]):
                raise InspectionRefused("There is nobody and nothing of that id.", field)
        where, params = _about(person, course)
        found = {id for id in (person, course if person is None else None) if id}
        for table in _OF_PEOPLE:
            found |= set(self._ids(f"SELECT id FROM read_models.{table} WHERE {where}", params))
        found |= self._series(where, params)
        if person is None:
            query = "SELECT id FROM read_models.assessment WHERE course_id = %s"
            found |= set(self._ids(query, [course]))
        return sorted(found)

    def _series(self, where: str, params: Sequence[Any]) -> set[UUID]:
        rows = self._connection.execute(
            f"SELECT DISTINCT learner_id, assessment_id FROM read_models.attempt WHERE {where}",
            params,
        )
        return {attempt_series_id(learner, assessment) for learner, assessment in rows}

    def _ids(self, query: str, params: Sequence[Any]) -> list[UUID]:
        cursor = self._connection.cursor(row_factory=scalar_row)
        return cursor.execute(query.encode(), params).fetchall()

    def _scalar(self, query: str, params: Sequence[Any]) -> Any:
        cursor = self._connection.cursor(row_factory=scalar_row)
        return cursor.execute(query.encode(), params).fetchone()


def _about(person: UUID | None, course: UUID | None) -> tuple[str, list[UUID]]:
    pairs = [(name, id) for name, id in (("learner_id", person), ("course_id", course)) if id]
    return " AND ".join(f"{name} = %s" for name, _ in pairs), [id for _, id in pairs]


@contextmanager
def selected(
    pool: ConnectionPool[Connection[Any]], inquiry: Inquiry
) -> Iterator[tuple[Selection, Connection[Any]]]:
    """The selection, and the connection on which everything shows that same instant.

    Raises InspectionRefused.
    """
    inquiry.check()
    with pool.connection() as connection:
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            # Pages are set meanwhile. Reading only, it holds up nobody.
            connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            yield Selection(connection, inquiry), connection
        finally:
            connection.execute("ROLLBACK")
