"""One learner in one course: what was begun, how far it has come, how it ended."""

from datetime import datetime
from enum import StrEnum
from statistics import fmean
from uuid import UUID

import msgspec

from domain import text
from domain.aggregate import Aggregate, event
from domain.errors import Conflict, Invalid
from domain.identity import enrollment_id


class EnrollmentStatus(StrEnum):
    ACTIVE = "active"
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"


class EnrollmentSource(StrEnum):
    """Who or what brought the learner into the course."""

    SELF = "self"
    MANAGER = "manager"
    POLICY = "policy"
    IMPORT = "import"


class LessonProgress(msgspec.Struct, frozen=True):
    """The furthest percent reached, the seconds spent in all, where to resume."""

    percent: int
    seconds: int
    bookmark: str | None


class AlreadyEnrolled(Conflict):
    code = "already-enrolled"


class EnrollmentWithdrawn(Conflict):
    code = "enrollment-withdrawn"


class EnrollmentCompleted(Conflict):
    code = "enrollment-completed"


class LessonNotInVersion(Invalid):
    code = "lesson-not-in-version"


NOT_BEGUN = LessonProgress(percent=0, seconds=0, bookmark=None)
COMPLETE = 100
MAX_SECONDS = 86_400
MAX_BOOKMARK = 2_000


class Enrollment(Aggregate):
    """Holds the lessons and assessments of the version begun: the learner finishes on that one.

    It completes, once and for good, in the decision by which every lesson is at 100 percent and
    every assessment is passed. An enrolment that asks for nothing never completes by itself.
    """

    STREAM_TYPE = "enrollment"
    EXPIRES = True
    SNAPSHOT_EVERY = 50

    learner_id: UUID
    course_id: UUID
    course_version: int
    lessons: list[UUID]
    assessments: list[UUID]
    status: EnrollmentStatus
    progress: dict[UUID, LessonProgress]
    best_scores: dict[UUID, float]
    completed_at: datetime | None

    class Created(Aggregate.Created):
        TOPIC = "enrollment.created"
        learner_id: UUID
        course_id: UUID
        course_version: int
        lessons: list[UUID]
        assessments: list[UUID]
        enrolled_by: UUID | None
        source: EnrollmentSource
        due_at: datetime | None

    class Reinstated(Aggregate.Event):
        """The learner is back, on the version named here; `anew`, as nothing before is kept."""

        TOPIC = "enrollment.reinstated"
        learner_id: UUID
        course_id: UUID
        course_version: int
        lessons: list[UUID]
        assessments: list[UUID]
        enrolled_by: UUID | None
        source: EnrollmentSource
        due_at: datetime | None
        anew: bool = False

    class ProgressUpdated(Aggregate.Event):
        """`seconds` were spent since the last update; `percent` (the furthest ever reached, so it
        never falls) and `bookmark` are as they stand after it."""

        TOPIC = "enrollment.progress_updated"
        learner_id: UUID
        course_id: UUID
        lesson_id: UUID
        percent: int
        seconds: int
        bookmark: str | None

    class LessonCompleted(Aggregate.Event):
        TOPIC = "enrollment.lesson_completed"
        learner_id: UUID
        course_id: UUID
        lesson_id: UUID

    class AssessmentPassed(Aggregate.Event):
        TOPIC = "enrollment.assessment_passed"
        learner_id: UUID
        course_id: UUID
        assessment_id: UUID
        attempt_id: UUID
        score: float

    class Completed(Aggregate.Event):
        """`score` (0-100) is the mean of the best passing scores, `None` without assessments."""

        TOPIC = "enrollment.completed"
        learner_id: UUID
        course_id: UUID
        course_version: int
        score: float | None

    class Withdrawn(Aggregate.Event):
        TOPIC = "enrollment.withdrawn"
        learner_id: UUID
        course_id: UUID
        reason: str | None

    def __init__(
        self,
        learner_id: UUID,
        course_id: UUID,
        course_version: int,
        lessons: list[UUID],
        assessments: list[UUID],
    ) -> None:
        self.learner_id = learner_id
        self.course_id = course_id
        self.course_version = course_version
        self.lessons = lessons
        self.assessments = assessments
        self.status = EnrollmentStatus.ACTIVE
        self.progress = {}
        self.best_scores = {}
        self.completed_at = None

    @classmethod
    def create(
        cls,
        *,
        learner_id: UUID,
        course_id: UUID,
        course_version: int,
        lessons: list[UUID],
        assessments: list[UUID],
        enrolled_by: UUID | None,
        source: EnrollmentSource,
        at: datetime,
        due_at: datetime | None = None,
    ) -> "Enrollment":
        """A learner begins a course. The stream's id follows from the two, so that there is one."""
        return cls._create(
            cls.Created,
            id=enrollment_id(learner_id, course_id),
            timestamp=at,
            learner_id=learner_id,
            course_id=course_id,
            course_version=course_version,
            lessons=lessons,
            assessments=assessments,
            enrolled_by=enrolled_by,
            source=source,
            due_at=_due(due_at, source, at),
        )

    def reinstate(
        self,
        *,
        course_version: int,
        lessons: list[UUID],
        assessments: list[UUID],
        enrolled_by: UUID | None,
        source: EnrollmentSource,
        at: datetime,
        due_at: datetime | None = None,
        anew: bool = False,
    ) -> None:
        """Enrols again after a withdrawal (else raises `AlreadyEnrolled`); what was learnt counts
        where the version begun now still has it. `anew`, after it has expired: nothing counts."""
        if not anew and self.status is not EnrollmentStatus.WITHDRAWN:
            raise AlreadyEnrolled(f"This enrolment exists and is {self.status}.")
        self.trigger_event(
            self.Reinstated,
            timestamp=at,
            learner_id=self.learner_id,
            course_id=self.course_id,
            course_version=course_version,
            lessons=lessons,
            assessments=assessments,
            enrolled_by=enrolled_by,
            source=source,
            due_at=_due(due_at, source, at),
            anew=anew,
        )
        self._complete_when_done(at)

    def update_progress(
        self,
        *,
        lesson_id: UUID,
        percent: int,
        seconds: int,
        at: datetime,
        bookmark: str | None = None,
    ) -> None:
        """Records time spent and how far the learner came, also after completion.

        A lower percent than before leaves the furthest one standing; without a bookmark the last
        one stays. An update that says nothing new records nothing.
        """
        self.must_not_be_withdrawn()
        if lesson_id not in self.lessons:
            raise LessonNotInVersion(
                f"Version {self.course_version} of the course has no such lesson.",
                field="lesson_id",
            )
        before = self.progress.get(lesson_id)
        after = _advance(before or NOT_BEGUN, percent, seconds, bookmark)
        if after == before:
            return
        self.trigger_event(
            self.ProgressUpdated,
            timestamp=at,
            learner_id=self.learner_id,
            course_id=self.course_id,
            lesson_id=lesson_id,
            percent=after.percent,
            seconds=seconds,
            bookmark=after.bookmark,
        )
        if after.percent == COMPLETE and (before or NOT_BEGUN).percent < COMPLETE:
            self._complete_lesson(lesson_id, at)

    def record_assessment_passed(
        self, *, assessment_id: UUID, attempt_id: UUID, score: float, at: datetime
    ) -> None:
        """Records a first pass, and later ones that are better. Nothing is recorded for an
        assessment that the version begun doesn't ask for."""
        self.must_not_be_withdrawn()
        if not 0 <= score <= 100:
            raise Invalid("score must be from 0 to 100.", field="score")
        if assessment_id not in self.assessments or score <= self.best_scores.get(
            assessment_id, -1
        ):
            return
        self.trigger_event(
            self.AssessmentPassed,
            timestamp=at,
            learner_id=self.learner_id,
            course_id=self.course_id,
            assessment_id=assessment_id,
            attempt_id=attempt_id,
            score=score,
        )
        self._complete_when_done(at)

    def withdraw(self, *, reason: str | None, at: datetime) -> None:
        """Ends an active enrolment. A completed one stays completed."""
        self.must_not_be_withdrawn()
        if self.status is EnrollmentStatus.COMPLETED:
            raise EnrollmentCompleted("A completed enrolment can't be withdrawn.")
        self.trigger_event(
            self.Withdrawn,
            timestamp=at,
            learner_id=self.learner_id,
            course_id=self.course_id,
            reason=text.optional(reason, "reason", 1_000),
        )

    def must_not_be_withdrawn(self) -> None:
        """Raises `EnrollmentWithdrawn` unless the learner may go on learning and be assessed."""
        if self.status is EnrollmentStatus.WITHDRAWN:
            raise EnrollmentWithdrawn("This enrolment was withdrawn; enrol again to go on.")

    @property
    def done(self) -> bool:
        """Whether everything the version begun asks for is done, and it asks for something."""
        lessons = all(
            self.progress.get(lesson, NOT_BEGUN).percent == COMPLETE for lesson in self.lessons
        )
        passed = all(assessment in self.best_scores for assessment in self.assessments)
        return bool(self.lessons or self.assessments) and lessons and passed

    @property
    def score(self) -> float | None:
        """The mean (0-100, two decimals) of the best passing scores so far, if any."""
        scores = self.best_scores.values()
        return round(fmean(scores), 2) if scores else None

    def _complete_lesson(self, lesson_id: UUID, at: datetime) -> None:
        self.trigger_event(
            self.LessonCompleted,
            timestamp=at,
            learner_id=self.learner_id,
            course_id=self.course_id,
            lesson_id=lesson_id,
        )
        self._complete_when_done(at)

    def _complete_when_done(self, at: datetime) -> None:
        if self.status is EnrollmentStatus.ACTIVE and self.done:
            self.trigger_event(
                self.Completed,
                timestamp=at,
                learner_id=self.learner_id,
                course_id=self.course_id,
                course_version=self.course_version,
                score=self.score,
            )

    @event(Reinstated)
    def _reinstated(
        self, course_version: int, lessons: list[UUID], assessments: list[UUID], anew: bool
    ) -> None:
        self.course_version = course_version
        self.lessons = lessons
        self.assessments = assessments
        self.status = EnrollmentStatus.ACTIVE
        if anew:
            self.progress, self.best_scores, self.completed_at = {}, {}, None
        self.progress = {id: was for id, was in self.progress.items() if id in lessons}
        self.best_scores = {id: was for id, was in self.best_scores.items() if id in assessments}

    @event(ProgressUpdated)
    def _progress_updated(
        self, lesson_id: UUID, percent: int, seconds: int, bookmark: str | None
    ) -> None:
        before = self.progress.get(lesson_id, NOT_BEGUN)
        self.progress[lesson_id] = LessonProgress(percent, before.seconds + seconds, bookmark)

    @event(AssessmentPassed)
    def _assessment_passed(self, assessment_id: UUID, score: float) -> None:
        self.best_scores[assessment_id] = score

    @event(Completed)
    def _completed(self, timestamp: datetime) -> None:
        self.status = EnrollmentStatus.COMPLETED
        self.completed_at = timestamp

    @event(Withdrawn)
    def _withdrawn(self) -> None:
        self.status = EnrollmentStatus.WITHDRAWN


def _advance(
    before: LessonProgress, percent: int, seconds: int, bookmark: str | None
) -> LessonProgress:
    if not 0 <= percent <= COMPLETE:
        raise Invalid("percent must be from 0 to 100.", field="percent")
    if not 0 <= seconds <= MAX_SECONDS:
        raise Invalid(
            f"seconds must be from 0 to {MAX_SECONDS}: one update tells of one day at most.",
            field="seconds",
        )
    return LessonProgress(
        percent=max(before.percent, percent),
        seconds=before.seconds + seconds,
        bookmark=text.optional(bookmark, "bookmark", MAX_BOOKMARK) or before.bookmark,
    )


def _due(due_at: datetime | None, source: EnrollmentSource, at: datetime) -> datetime | None:
    """The due instant; only an import, which tells of the past, may bring one that has passed."""
    if due_at is None:
        return None
    if due_at.tzinfo is None:
        raise Invalid("due_at needs a time zone, such as 2030-01-31T17:00:00Z.", field="due_at")
    if due_at <= at and source is not EnrollmentSource.IMPORT:
        raise Invalid("due_at must lie in the future.", field="due_at")
    return due_at
