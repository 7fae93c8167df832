"""Who and what a journey needs: people of their own, and a course with all its parts."""

from collections.abc import Iterator
from itertools import count
from typing import Any
from uuid import uuid4

import msgspec

from tests.journey.lms import Json, Lms, Person, eventually

NEW_PASSWORD = "a-new-person-1"
_numbers: Iterator[int] = count(1)


class WrittenCourse(msgspec.Struct, frozen=True):
    """The ids of a published course, all that is in it, and its survey."""

    id: str
    title: str
    lessons: list[str]
    assessment: str
    survey: str


class Learner(Person):
    """A person who learns."""

    def enrolls_in(self, course: WrittenCourse) -> str:
        """The id of the enrolment."""
        return self.creates("/enrollments", {"course_id": course.id})

    def studies(self, enrollment: str, lesson: str, percent: int = 100, **more: Any) -> Json:
        """Tell how far they are in a lesson."""
        progress = {"enrollment_id": enrollment, "lesson_id": lesson, "percent": percent}
        return self.changes("PATCH", "/progress", progress | {"seconds": 60} | more)

    def begins(self, assessment: str) -> str:
        """The id of the attempt."""
        return self.creates(f"/assessments/{assessment}/attempts")

    def ticks(self, assessment: str, text: str) -> list[Json]:
        """An answer sheet that ticks the choice of this text at every question."""
        questions = self.sees(f"/assessments/{assessment}")["questions"]
        return [
            {
                "question_id": question["id"],
                "choices": [each["id"] for each in question["choices"] if each["text"] == text],
            }
            for question in questions
        ]

    def hands_in(self, attempt: str, answers: list[Json]) -> Json:
        """The result."""
        return self.changes("POST", f"/attempts/{attempt}/submit", {"answers": answers})

    def completes(self, course: WrittenCourse) -> str:
        """Enrols, does everything in the course, and has the enrolment completed; its id."""
        enrollment = self.enrolls_in(course)
        for lesson in course.lessons:
            self.studies(enrollment, lesson)
        sheet = self.ticks(course.assessment, RIGHT)
        assert self.hands_in(self.begins(course.assessment), sheet)["passed"]
        eventually(
            lambda: self.sees(f"/enrollments/{enrollment}")["status"] == "completed", "completion"
        )
        return enrollment

    def certificate(self, course: WrittenCourse) -> Json:
        """The certificate for a course, once it is issued."""
        return eventually(
            lambda: next(iter(self.lists("/certificates", course_id=course.id)), None),
            "certificate",
        )

    def is_told(self, kind: str, subject: str) -> Json:
        """The notification about something, once there is one."""

        def look() -> Json | None:
            told = self.lists("/notifications", limit=100)
            wanted = (
                each for each in told if (each["kind"], each["subject_id"]) == (kind, subject)
            )
            return next(wanted, None)

        return eventually(look, f"notification: {kind}")


RIGHT = "4"


class Cast:
    """Makes people and courses that no other test uses."""

    def __init__(self, lms: Lms, admin: Person) -> None:
        self.lms = lms
        self._admin = admin

    def somebody(self, *roles: str, **more: Any) -> Learner:
        """A new person in these roles, an employee without."""
        name = f"person-{next(_numbers)}-{uuid4().hex[:8]}"
        account = {
            "username": name,
            "email": f"{name}@example.com",
            "full_name": f"Renée O'Hara-{name}",
            "roles": list(roles or ("employee",)),
            "password": NEW_PASSWORD,
        }
        self._admin.creates("/users", account | more)
        return Learner(self.lms, name, NEW_PASSWORD)

    def a_course(self, instructor: Person, *, lessons: int = 2) -> WrittenCourse:
        """Published, with an assessment that asks what two and two is, and an open survey."""
        title = f"Arithmetic {next(_numbers)} {uuid4().hex[:8]}"
        course = instructor.creates("/courses", {"title": title, "description": "It adds up."})
        module = instructor.creates(f"/courses/{course}/modules", {"title": "Adding"})
        lesson = {"kind": "text", "content": "2 + 2 = 4", "duration_minutes": 5}
        path = f"/courses/{course}/modules/{module}/lessons"
        written = [
            instructor.creates(path, lesson | {"title": f"Lesson {number + 1}"})
            for number in range(lessons)
        ]
        assessment = _an_assessment(instructor, course)
        instructor.changes("POST", f"/courses/{course}/publish")
        return WrittenCourse(course, title, written, assessment, _a_survey(instructor, course))


def _an_assessment(instructor: Person, course: str) -> str:
    exam = {"course_id": course, "title": "Exam", "pass_mark": 50, "attempts_allowed": 3}
    assessment = instructor.creates("/assessments", exam)
    for prompt in ("What is 2 + 2?", "What is 3 + 1?"):
        choices = [{"text": RIGHT, "correct": True}, {"text": "5", "correct": False}]
        question = {"kind": "single", "prompt": prompt, "points": 1, "choices": choices}
        instructor.creates(f"/assessments/{assessment}/questions", question)
    instructor.changes("POST", f"/assessments/{assessment}/publish")
    return assessment


def _a_survey(instructor: Person, course: str) -> str:
    questions = [
        {"kind": "rating", "prompt": "How good was it?", "required": True},
        {"kind": "nps", "prompt": "How likely is it that you recommend it?"},
        {"kind": "text", "prompt": "What should we change?"},
    ]
    survey = {"title": "How was it?", "course_id": course, "questions": questions}
    id = instructor.creates("/surveys", survey)
    instructor.changes("POST", f"/surveys/{id}/publish")
    return id
