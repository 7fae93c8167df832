"""A large, realistic history for the analytics benchmark: the same for the same seed."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

SEALED = "sealed:v1:" + "Zm9yIHRoZSBiZW5jaG1hcmssIGEgdmFsdWUgYXMgbG9uZyBhcyBhIHNlYWxlZCBvbmU"
LESSONS_PER_COURSE = 8
QUESTIONS_PER_ASSESSMENT = 5
START = datetime(2024, 1, 1, tzinfo=UTC)

Row = tuple[int, str, str, int, str, str, str, str]


class History:
    """Writes rows of `event_store.events` as tuples, in position order."""

    def __init__(self, *, people: int, courses: int, seed: int = 7) -> None:
        self._random = random.Random(seed)
        self._position = 1 << 16
        self._now = START
        self._versions: dict[UUID, int] = {}
        self._people = [self._id() for _ in range(people)]
        self._courses = [self._id() for _ in range(courses)]
        self._lessons: dict[UUID, list[UUID]] = {}
        self._assessments: dict[UUID, UUID] = {}
        self._survey = self._id()

    def rows(self, count: int) -> Iterator[Row]:
        """The first `count` events: people and courses, then one journey after another."""
        return islice(self._all(), count)

    def _all(self) -> Iterator[Row]:
        for person in self._people:
            yield self._registered(person)
        for course in self._courses:
            yield from self._course(course)
        while True:
            yield from self._journey(self._random.choice(self._people))

    def _id(self) -> UUID:
        return UUID(int=self._random.getrandbits(128), version=4)

    def _row(self, stream_id: UUID, type_: str, **fields: Any) -> Row:
        self._position += self._random.choice((1, 1, 1, 1 << 16))
        self._now += timedelta(seconds=self._random.expovariate(1 / 40))
        version = self._versions[stream_id] = self._versions.get(stream_id, 0) + 1
        when = self._now.isoformat().replace("+00:00", "Z")
        data = json.dumps({"timestamp": when, **fields}, default=str, separators=(",", ":"))
        metadata = json.dumps(
            {
                "actor": str(fields.get("learner_id") or stream_id),
                "on_behalf_of": None,
                "correlation_id": str(self._id()),
                "causation": None,
                "command_id": str(self._id()),
                "command": "Command",
                "reason": None,
                "client": SEALED,
            }
        )
        kind = type_.partition(".")[0]
        return (
            self._position, str(stream_id), kind, version, f"{type_}.v1", data, metadata, when,
        )  # fmt: skip

    def _registered(self, person: UUID) -> Row:
        pick = self._random.choice
        return self._row(
            person,
            "learner.registered",
            username=SEALED,
            email=SEALED,
            full_name=SEALED,
            roles=["employee"],
            language=pick(("en", "de", "fr")),
            time_zone="Europe/Berlin",
            department=pick(("Sales", "Engineering", "Finance", "Support", None)),
            job_role=pick(("clerk", "engineer", "lead")),
            manager_id=str(self._people[0]),
        )

    def _course(self, course: UUID) -> Iterator[Row]:
        yield self._row(
            course, "course.created", title=f"Course {course}", description="About " * 20,
            code=None, topic="safety", department=None, difficulty="beginner", language="en",
            duration_minutes=120, created_by=str(self._people[0]), instructors=[self._people[0]],
        )  # fmt: skip
        module = self._id()
        yield self._row(course, "course.module_added", module_id=module, title="Module")
        lessons = self._lessons[course] = [self._id() for _ in range(LESSONS_PER_COURSE)]
        for lesson in lessons:
            body = {"id": lesson, "title": "Lesson", "kind": "text", "content": "text " * 60}
            yield self._row(
                course,
                "course.lesson_added",
                module_id=module,
                lesson={**body, "duration_minutes": 15},
            )
        yield from self._assessment(course)
        yield self._row(
            course, "course.published", course_version=1, lessons=lessons,
            assessments=[self._assessments[course]],
        )  # fmt: skip

    def _assessment(self, course: UUID) -> Iterator[Row]:
        assessment = self._assessments[course] = self._id()
        yield self._row(
            assessment, "assessment.created", course_id=course, title="Final", pass_mark=70,
            attempts_allowed=3, created_by=self._people[0],
        )  # fmt: skip
        for _ in range(QUESTIONS_PER_ASSESSMENT):
            choices = [{"id": self._id(), "text": "A choice", "correct": n == 0} for n in range(4)]
            question = {"id": self._id(), "kind": "single", "prompt": "Which?", "points": 1}
            yield self._row(
                assessment, "assessment.question_added", question={**question, "choices": choices}
            )
        yield self._row(assessment, "assessment.published", assessment_version=1)

    def _journey(self, learner: UUID) -> Iterator[Row]:
        course, enrollment = self._random.choice(self._courses), self._id()
        both = {"learner_id": learner, "course_id": course}
        yield self._row(learner, "learner.logged_in", method="password")
        yield self._row(
            enrollment, "enrollment.created", **both, course_version=1,
            lessons=self._lessons[course], assessments=[self._assessments[course]],
            enrolled_by=learner, source="self", due_at=None,
        )  # fmt: skip
        for lesson in self._lessons[course][: self._random.choice((2, 5, 8, 8))]:
            for percent in (50, 100):
                yield self._row(
                    enrollment, "enrollment.progress_updated", lesson_id=lesson, percent=percent,
                    seconds=self._random.randrange(30, 900), bookmark=None, **both,
                )  # fmt: skip
            yield self._row(enrollment, "enrollment.lesson_completed", lesson_id=lesson, **both)
        if self._random.random() < 0.6:
            yield from self._finish(enrollment, both)

    def _finish(self, enrollment: UUID, both: dict[str, Any]) -> Iterator[Row]:
        assessment, attempt = self._assessments[both["course_id"]], self._id()
        marks = [self._random.random() < 0.85 for _ in range(QUESTIONS_PER_ASSESSMENT)]
        score = 100 * sum(marks) / len(marks)
        names = {**both, "assessment_id": assessment, "enrollment_id": enrollment}
        yield self._row(attempt, "attempt.started", **names, assessment_version=1, number=1)
        answers = [{"question_id": self._id(), "choices": [self._id()]} for _ in marks]
        yield self._row(
            attempt, "attempt.submitted", learner_id=both["learner_id"], assessment_id=assessment,
            answers=answers,
        )  # fmt: skip
        results = [
            {"question_id": answer["question_id"], "correct": mark, "points": int(mark)}
            for answer, mark in zip(answers, marks, strict=True)
        ]
        yield self._row(
            attempt, "attempt.graded", **names, score=score, points=sum(marks),
            max_points=len(marks), passed=score >= 70, results=results, graded_by="auto",
            reason=None,
        )  # fmt: skip
        if score >= 70:
            yield self._row(
                enrollment, "enrollment.completed", **both, course_version=1, score=score
            )
            yield from self._opinions(both)

    def _opinions(self, both: dict[str, Any]) -> Iterator[Row]:
        yield self._row(
            self._id(), "notification.created", learner_id=both["learner_id"],
            kind="course_completed", subject_id=both["course_id"], text_key="completed", params={},
        )  # fmt: skip
        rating = self._random.choice((3, 4, 4, 5, 5))
        yield self._row(
            self._id(), "feedback.submitted", **both, rating=rating, feedback_text=SEALED
        )
        answers = [{"question_id": self._survey, "choices": [], "rating": rating, "text": None}]
        yield self._row(
            self._id(), "survey_response.submitted", survey_id=self._survey, **both,
            answers=answers, texts=SEALED,
        )  # fmt: skip
