"""Tells histories as records of the log, in the words of the events."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg

from event_store.record import Record

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
SEALED = "sealed-and-nobody-reads-it"


class Story:
    """Records in position order; a minute passes with each event."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self._versions: dict[UUID, int] = {}

    def happens(self, stream_id: UUID, type_: str, version: int = 1, **fields: Any) -> Record:
        number = len(self.records) + 1
        self._versions[stream_id] = self._versions.get(stream_id, 0) + 1
        at = START + timedelta(minutes=number)
        metadata = {"actor": uuid4(), "correlation_id": uuid4(), "command": "Do", "client": SEALED}
        record = Record(
            position=number * 10,
            stream_id=stream_id,
            stream_type=type_.partition(".")[0],
            version=self._versions[stream_id],
            type=f"{type_}.v{version}",
            data=json.dumps({"timestamp": at.isoformat(), **fields}, default=str).encode(),
            metadata=json.dumps(metadata, default=str).encode(),
            recorded_at=at,
        )
        self.records.append(record)
        return record

    def learner(self, department: str = "Sales", manager_id: UUID | None = None) -> UUID:
        learner_id = uuid4()
        self.happens(
            learner_id,
            "learner.registered",
            username=SEALED,
            email=SEALED,
            full_name=SEALED,
            roles=["employee"],
            language="en",
            time_zone="UTC",
            department=department,
            job_role="clerk",
            manager_id=manager_id,
        )
        return learner_id

    def course(self, title: str = "Rust", lessons: int = 2) -> tuple[UUID, list[UUID]]:
        course_id, ids = uuid4(), [uuid4() for _ in range(lessons)]
        self.happens(
            course_id, "course.created", title=title, topic="code", difficulty="beginner",
            language="en", instructors=[uuid4()], department=None, code=None, duration_minutes=60,
        )  # fmt: skip
        self.happens(course_id, "course.published", course_version=1, lessons=ids, assessments=[])
        return course_id, ids

    def enrollment(self, learner_id: UUID, course_id: UUID, lessons: list[UUID]) -> UUID:
        enrollment_id = uuid4()
        self.happens(
            enrollment_id, "enrollment.created", learner_id=learner_id, course_id=course_id,
            course_version=1, lessons=lessons, assessments=[], enrolled_by=learner_id,
            source="self", due_at=None,
        )  # fmt: skip
        return enrollment_id

    def finished_journey(self) -> tuple[UUID, UUID]:
        """One learner learns, is assessed, completes and rates; returns the learner and course."""
        learner_id = self.learner()
        course_id, lessons = self.course()
        enrollment_id = self.enrollment(learner_id, course_id, lessons)
        both: dict[str, Any] = {"learner_id": learner_id, "course_id": course_id}
        self.happens(learner_id, "learner.logged_in", method="password")
        for lesson_id in lessons:
            self.happens(
                enrollment_id, "enrollment.progress_updated", **both, lesson_id=lesson_id,
                percent=100, seconds=120, bookmark=None,
            )  # fmt: skip
            self.happens(enrollment_id, "enrollment.lesson_completed", **both, lesson_id=lesson_id)
        self._graded_attempt(both, enrollment_id)
        self.happens(enrollment_id, "enrollment.completed", **both, course_version=1, score=50.0)
        self.happens(uuid4(), "feedback.submitted", **both, rating=4, feedback_text=SEALED)
        return learner_id, course_id

    def _graded_attempt(self, both: dict[str, Any], enrollment_id: UUID) -> None:
        attempt_id = uuid4()
        names: dict[str, Any] = {"assessment_id": uuid4(), "learner_id": both["learner_id"]}
        right, wrong, choice = uuid4(), uuid4(), uuid4()
        self.happens(
            attempt_id, "attempt.started", **names, course_id=both["course_id"],
            enrollment_id=enrollment_id, assessment_version=1, number=1,
        )  # fmt: skip
        answers = [{"question_id": right, "choices": [choice]}]
        self.happens(attempt_id, "attempt.submitted", **names, answers=answers)
        results = [
            {"question_id": right, "correct": True, "points": 1},
            {"question_id": wrong, "correct": False, "points": 0},
        ]
        self.happens(
            attempt_id, "attempt.graded", **names, course_id=both["course_id"],
            enrollment_id=enrollment_id, score=50.0, points=1, max_points=2, passed=True,
            results=results, graded_by="auto", reason=None,
        )  # fmt: skip


def write_log(owner_url: str, records: Iterable[Record]) -> None:
    """Puts records into the real log, at their positions, past the append path."""
    rows = [
        (
            r.position, r.stream_id, r.stream_type, r.version, r.type, r.data.decode(),
            r.metadata.decode(), r.recorded_at,
        )
        for r in records
    ]  # fmt: skip
    with psycopg.connect(owner_url) as connection:
        connection.cursor().executemany(
            "INSERT INTO event_store.events VALUES (%s, %s, %s, %s, %s, %s, %s, %s)", rows
        )
