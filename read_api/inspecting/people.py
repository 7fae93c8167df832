"""Who and what the ids in records are, as the read models know them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from uuid import UUID

import msgspec
from psycopg import Connection
from psycopg.rows import class_row

from event_store.record import Record
from read_api.history import AuditEntry

_NAMES: Final = """
SELECT id, full_name FROM read_models.learner WHERE id = ANY(%(ids)s)
UNION ALL SELECT id, name FROM read_models.service_account WHERE id = ANY(%(ids)s)
UNION ALL SELECT id, title FROM read_models.course WHERE id = ANY(%(ids)s)
UNION ALL SELECT id, title FROM read_models.course_lesson WHERE id = ANY(%(ids)s)
UNION ALL SELECT id, title FROM read_models.assessment WHERE id = ANY(%(ids)s)"""
_PEOPLE: Final = (
    "SELECT id, full_name, username, email, department, job_role, active"
    " FROM read_models.learner WHERE id = ANY(%s)"
)
_MOST: Final = 50_000


class Individual(msgspec.Struct, frozen=True):
    """A person as they are known now."""

    id: UUID
    full_name: str
    username: str
    email: str
    department: str | None
    job_role: str | None
    active: bool


class Names:
    """Names of people, programs, courses, lessons and assessments, looked up many at a time."""

    def __init__(self, connection: Connection[Any]) -> None:
        self._connection = connection
        self._asked: set[UUID] = set()
        self.known: dict[UUID, str] = {}

    def look_up(self, ids: Iterable[UUID | None]) -> Mapping[UUID, str]:
        """All names known by now, those of `ids` among them. What has none isn't there."""
        if len(self._asked) > _MOST:
            self._asked.clear()
            self.known.clear()
        new = {id for id in ids if id} - self._asked
        if new:
            self._asked |= new
            rows = self._connection.execute(_NAMES.encode(), {"ids": [*new]}).fetchall()
            self.known.update(dict(rows))
        return self.known


def actors(records: Iterable[Record]) -> Iterator[UUID | None]:
    """Whoever acted in these events, or on whose behalf it was."""
    for record in records:
        metadata = record.read_metadata()
        yield metadata.actor
        yield metadata.on_behalf_of


def mentioned(entries: Iterable[AuditEntry]) -> Iterator[UUID]:
    """The ids in the fields of these events."""
    for entry in entries:
        for value in entry.data.values():
            for one in value if isinstance(value, list) else (value,):
                if isinstance(one, UUID):
                    yield one


def individuals(connection: Connection[Any], ids: list[UUID]) -> dict[UUID, Individual]:
    """Those of `ids` who have an account, or had one."""
    cursor = connection.cursor(row_factory=class_row(Individual))
    return {one.id: one for one in cursor.execute(_PEOPLE, (ids,)).fetchall()}
