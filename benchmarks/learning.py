"""A realistic history: people enrol, learn lesson by lesson, are assessed, say what they think."""

import random
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import psycopg

from domain.aggregate import Aggregate
from domain.assessment import Assessment, Choice, QuestionKind
from domain.attempt import Attempt, AttemptSeries
from domain.certificate import Certificate
from domain.course import Course, LessonKind
from domain.enrollment import Enrollment, EnrollmentSource
from domain.feedback import Feedback
from domain.grading import Answer
from domain.learner import Learner
from domain.notification import Notification
from domain.roles import Role
from event_store.mapper import Mapper

LESSONS, UPDATES, QUESTIONS, COURSES_EACH, AT_ONCE = 8, 4, 5, 3, 500
METADATA: Final = (
    '{"actor":"52bc0355-7908-46ee-ae04-d865de83d37a","on_behalf_of":null,"correlation_id":'
    '"8f4f8728-ab05-4190-8b3e-7fcbbdd8b578","causation":null,"command_id":'
    '"de4c427a-c5db-4301-bd27-ad81410fc545","command":"UpdateProgress","reason":null}'
)
_COPY = (
    "COPY event_store.events (position, stream_id, stream_type, version, type, data, metadata)"
    " FROM STDIN"
)
TOPICS = ("Rust", "Python", "Safety", "Sales")
Step = Sequence[Aggregate]


class Offer:
    """A course with its assessment, both published."""

    def __init__(self, chance: random.Random, at: datetime) -> None:
        self.course = Course.create(
            id=uuid4(),
            title=f"{chance.choice(TOPICS)} {chance.randint(1, 999)}",
            description="What everybody should know about it. " * 10,
            created_by=None,
            at=at,
        )
        module_id = uuid4()
        self.course.add_module(module_id=module_id, title="Basics", at=at)
        for number in range(LESSONS):
            self.course.add_lesson(
                module_id=module_id,
                lesson_id=uuid4(),
                title=f"Lesson {number}",
                kind=LessonKind.TEXT,
                content="Read this. " * 50,
                duration_minutes=10,
                at=at,
            )
        self.exam = Assessment.create(
            id=uuid4(),
            course_id=self.course.id,
            title="Exam",
            pass_mark=60,
            attempts_allowed=None,
            created_by=None,
            at=at,
        )
        for _ in range(QUESTIONS):
            choices = [Choice(id=uuid4(), text=word, correct=word == "a") for word in "abcd"]
            self.exam.add_question(
                question_id=uuid4(),
                kind=QuestionKind.SINGLE,
                prompt="Which?",
                points=1,
                choices=choices,
                at=at,
            )
        self.exam.publish(at=at)
        self.course.add_assessment(assessment_id=self.exam.id, at=at)
        self.course.publish(at=at)


class Learning:
    """Steps of many people, mixed as they come in reality; the same for the same seed."""

    def __init__(self, courses: int, seed: int = 7) -> None:
        self._chance = random.Random(seed)
        self._now = datetime(2025, 1, 1, tzinfo=UTC)
        self._offers = [Offer(self._chance, self._now) for _ in range(courses)]

    def steps(self) -> Iterator[Step]:
        """Without end. Each step is the aggregates that one command changed."""
        for offer in self._offers:
            yield (offer.course, offer.exam)
        under_way = [self._journey() for _ in range(AT_ONCE)]
        while True:
            self._now += timedelta(seconds=1)
            place = self._chance.randrange(AT_ONCE)
            step = next(under_way[place], None)
            if step is None:
                under_way[place] = self._journey()
            else:
                yield step

    def _journey(self) -> Iterator[Step]:
        name = f"{self._chance.randrange(1 << 40):x}"
        learner = Learner.register(
            id=uuid4(),
            username=name,
            email=f"{name}@example.com",
            full_name=f"Person {name}",
            roles=[Role.EMPLOYEE],
            at=self._now,
        )
        yield (learner,)
        for offer in self._chance.sample(self._offers, COURSES_EACH):
            learner.log_in(method="password", at=self._now)
            yield (learner,)
            yield from self._course(learner, offer)

    def _course(self, learner: Learner, offer: Offer) -> Iterator[Step]:
        course, exam = offer.course, offer.exam
        enrollment = Enrollment.create(
            learner_id=learner.id,
            course_id=course.id,
            course_version=1,
            lessons=course.published_lessons,
            assessments=[exam.id],
            enrolled_by=None,
            source=EnrollmentSource.SELF,
            at=self._now,
        )
        yield (enrollment,)
        yield (self._told(learner, enrollment.id),)
        for lesson_id in course.published_lessons:
            for part in range(1, UPDATES + 1):
                enrollment.update_progress(
                    lesson_id=lesson_id,
                    percent=100 * part // UPDATES,
                    seconds=self._chance.randint(20, 300),
                    bookmark=f"p{part}",
                    at=self._now,
                )
                yield (enrollment,)
        yield from self._exam(learner, enrollment, exam)
        if enrollment.completed_at:
            yield from self._recognised(learner, enrollment, course)

    def _exam(self, learner: Learner, enrollment: Enrollment, exam: Assessment) -> Iterator[Step]:
        series = AttemptSeries.begin(learner_id=learner.id, assessment_id=exam.id, at=self._now)
        attempt_id = uuid4()
        number = series.start_attempt(attempt_id=attempt_id, attempts_allowed=None, at=self._now)
        attempt = Attempt.start(
            id=attempt_id,
            assessment_id=exam.id,
            assessment_version=1,
            course_id=exam.course_id,
            enrollment_id=enrollment.id,
            learner_id=learner.id,
            number=number,
            at=self._now,
        )
        yield (series, attempt)
        answers = [
            Answer(question_id=question.id, choices=[self._chance.choice(question.choices[:2]).id])
            for question in exam.questions
        ]
        attempt.submit(answers=answers, questions=exam.questions, pass_mark=40, at=self._now)
        series.end_attempt(attempt_id=attempt_id, passed=attempt.passed, at=self._now)
        yield (series, attempt)
        if attempt.passed and attempt.score is not None:
            enrollment.record_assessment_passed(
                assessment_id=exam.id, attempt_id=attempt_id, score=attempt.score, at=self._now
            )
            yield (enrollment,)

    def _recognised(
        self, learner: Learner, enrollment: Enrollment, course: Course
    ) -> Iterator[Step]:
        certificate = Certificate.issue(
            learner_id=learner.id,
            course_id=course.id,
            course_title=course.title,
            course_version=1,
            enrollment_id=enrollment.id,
            holder_name=learner.full_name,
            completed_at=self._now,
            at=self._now,
        )
        yield (certificate,)
        yield (self._told(learner, certificate.id),)
        if self._chance.random() < 0.5:
            yield (
                Feedback.submit(
                    learner_id=learner.id,
                    course_id=course.id,
                    rating=self._chance.randint(1, 5),
                    feedback_text="Good enough for me.",
                    at=self._now,
                ),
            )

    def _told(self, learner: Learner, subject_id: UUID) -> Notification:
        return Notification.create(
            id=uuid4(),
            learner_id=learner.id,
            kind="news",
            subject_id=subject_id,
            text_key="news",
            params={"course": "Rust"},
            at=self._now,
        )


def write(
    owner_url: str, mapper: Mapper, events: int, told: Callable[[int], Any] = lambda _: None
) -> int:
    """Writes a history of about `events` events into an empty log; returns how many exactly."""
    position = 0
    with (
        psycopg.connect(owner_url) as connection,
        connection.cursor() as cursor,
        cursor.copy(_COPY) as copy,
    ):
        for step in Learning(courses=200).steps():
            for aggregate in step:
                for event in aggregate.collect_events():
                    stored, position = mapper.to_stored_event(event), position + 1
                    copy.write_row(
                        (
                            position,
                            stored.originator_id,
                            aggregate.STREAM_TYPE,
                            stored.originator_version,
                            stored.topic,
                            stored.state.decode(),
                            METADATA,
                        )
                    )
            told(position)
            if position >= events:
                break
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE event_store.events")
    return position
