"""A history to project: aggregates are recorded in a real log as the write side does it."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

from domain.aggregate import Aggregate
from domain.course import Course, LessonKind
from event_store.application import Log
from tests.servers.postgres import Database

MASTER_KEY = bytes(range(32))
NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


class History:
    """Appends what aggregates have decided."""

    def __init__(self, database: Database) -> None:
        self._log = Log(database.write_url, MASTER_KEY, connections=2)

    def record(self, *aggregates: Aggregate) -> None:
        """Appends the new events of all `aggregates` in one transaction."""
        self._log.save(*aggregates)

    def close(self) -> None:
        self._log.close()


def a_course(title: str = "Rust Programming 101", *, id: UUID | None = None) -> Course:
    return Course.create(
        id=id or uuid4(), title=title, description="Ownership first.", created_by=None, at=NOON
    )


def with_lessons(course: Course, count: int) -> Course:
    """The course with one module more, of `count` lessons."""
    module_id = uuid4()
    course.add_module(module_id=module_id, title="Basics", at=NOON)
    for number in range(count):
        course.add_lesson(
            module_id=module_id,
            lesson_id=uuid4(),
            title=f"Lesson {number}",
            kind=LessonKind.TEXT,
            content="…",
            duration_minutes=10,
            at=NOON,
        )
    return course
