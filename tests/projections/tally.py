"""A projection for tests of the machine: it counts, so that an event applied twice shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from domain.course import Course
from event_store.record import Record
from projections.projection import Projection, Statement, on

POISON = "poison"


class Tally(Projection):
    """Counts the events of each course and remembers the order of their versions."""

    name = "tally"
    schema = (
        "CREATE TABLE tally (id uuid PRIMARY KEY, title text NOT NULL, events int NOT NULL,"
        " versions bigint[] NOT NULL)"
    )
    is_mended: ClassVar[bool] = False

    @on(Course.Created)
    def created(self, event: Course.Created, record: Record) -> Iterable[Statement]:
        yield Statement(
            "INSERT INTO tally (id, title, events, versions) VALUES (%s, %s, 1, %s)",
            (record.stream_id, event.title, [record.version]),
        )

    @on(Course.ModuleAdded)
    def module_added(self, event: Course.ModuleAdded, record: Record) -> Iterable[Statement]:
        yield self._counted(record)
        if event.title == POISON and not self.is_mended:
            yield Statement("UPDATE tally SET title = NULL WHERE id = %s", (record.stream_id,))

    @on(Course.LessonAdded)
    def lesson_added(self, event: Course.LessonAdded, record: Record) -> Iterable[Statement]:
        if event.lesson.title == POISON and not self.is_mended:
            raise KeyError(POISON)
        yield self._counted(record)

    @staticmethod
    def _counted(record: Record) -> Statement:
        return Statement(
            "UPDATE tally SET events = events + 1, versions = versions || %s WHERE id = %s",
            (record.version, record.stream_id),
        )


class NewTally(Tally):
    """The next version of the tally: another table, another column."""

    version = 2
    schema = Tally.schema.replace("title text NOT NULL", "title text NOT NULL, is_new bool")


class MendedTally(Tally):
    is_mended = True
