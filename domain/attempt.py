"""One try at an assessment, and the series of all tries of one learner at it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from domain.aggregate import Aggregate, event
from domain.assessment import Question
from domain.errors import Conflict
from domain.grading import Answer, QuestionResult, grade
from domain.identity import attempt_series_id


class AttemptOpen(Conflict):
    code = "attempt-open"


class NoAttemptsLeft(Conflict):
    code = "no-attempts-left"


class AttemptNotOpen(Conflict):
    code = "attempt-not-open"


class AttemptSubmitted(Conflict):
    code = "attempt-submitted"


BY_MACHINE = "auto"


class AttemptSeries(Aggregate):
    """Counts the attempts of one learner at one assessment and lets one be open at a time.

    It is saved together with the attempt. Who has passed may try again while attempts remain:
    the best passing score counts.
    """

    STREAM_TYPE = "attempt_series"

    learner_id: UUID
    assessment_id: UUID
    attempts: int
    open_attempt: UUID | None
    passed: bool

    class Opened(Aggregate.Created):
        TOPIC = "attempt_series.opened"
        learner_id: UUID
        assessment_id: UUID

    class AttemptStarted(Aggregate.Event):
        TOPIC = "attempt_series.attempt_started"
        attempt_id: UUID
        number: int

    class AttemptEnded(Aggregate.Event):
        TOPIC = "attempt_series.attempt_ended"
        attempt_id: UUID
        passed: bool

    def __init__(self, learner_id: UUID, assessment_id: UUID) -> None:
        self.learner_id = learner_id
        self.assessment_id = assessment_id
        self.attempts = 0
        self.open_attempt = None
        self.passed = False

    @classmethod
    def begin(cls, *, learner_id: UUID, assessment_id: UUID, at: datetime) -> "AttemptSeries":
        """The series, before its first attempt; its id follows from learner and assessment."""
        return cls._create(
            cls.Opened,
            id=attempt_series_id(learner_id, assessment_id),
            timestamp=at,
            learner_id=learner_id,
            assessment_id=assessment_id,
        )

    def start_attempt(self, *, attempt_id: UUID, attempts_allowed: int | None, at: datetime) -> int:
        """Starts the next attempt and returns its number, from 1 up."""
        if self.open_attempt is not None:
            raise AttemptOpen(f"Submit attempt {self.open_attempt} before you start another.")
        if attempts_allowed is not None and self.attempts >= attempts_allowed:
            raise NoAttemptsLeft(f"All {attempts_allowed} attempts have been used.")
        number = self.attempts + 1
        self.trigger_event(self.AttemptStarted, timestamp=at, attempt_id=attempt_id, number=number)
        return number

    def end_attempt(self, *, attempt_id: UUID, passed: bool, at: datetime) -> None:
        if self.open_attempt != attempt_id:
            raise AttemptNotOpen("This attempt isn't open.")
        self.trigger_event(self.AttemptEnded, timestamp=at, attempt_id=attempt_id, passed=passed)

    @event(AttemptStarted)
    def _attempt_started(self, attempt_id: UUID, number: int) -> None:
        self.open_attempt = attempt_id
        self.attempts = number

    @event(AttemptEnded)
    def _attempt_ended(self, passed: bool) -> None:
        self.open_attempt = None
        self.passed = self.passed or passed


class Attempt(Aggregate):
    STREAM_TYPE = "attempt"
    EXPIRES = True

    assessment_id: UUID
    assessment_version: int
    course_id: UUID
    enrollment_id: UUID
    learner_id: UUID
    number: int
    submitted: bool
    score: float | None
    passed: bool

    class Started(Aggregate.Created):
        TOPIC = "attempt.started"
        assessment_id: UUID
        assessment_version: int
        course_id: UUID
        enrollment_id: UUID
        learner_id: UUID
        number: int

    class Submitted(Aggregate.Event):
        TOPIC = "attempt.submitted"
        learner_id: UUID
        assessment_id: UUID
        answers: list[Answer]

    class Graded(Aggregate.Event):
        """`graded_by` is "auto" or the id of a person, who then gives a reason."""

        TOPIC = "attempt.graded"
        learner_id: UUID
        assessment_id: UUID
        course_id: UUID
        enrollment_id: UUID
        score: float
        points: int
        max_points: int
        passed: bool
        results: list[QuestionResult]
        graded_by: str
        reason: str | None

    def __init__(
        self,
        assessment_id: UUID,
        assessment_version: int,
        course_id: UUID,
        enrollment_id: UUID,
        learner_id: UUID,
        number: int,
    ) -> None:
        self.assessment_id = assessment_id
        self.assessment_version = assessment_version
        self.course_id = course_id
        self.enrollment_id = enrollment_id
        self.learner_id = learner_id
        self.number = number
        self.submitted = False
        self.score = None
        self.passed = False

    @classmethod
    def start(
        cls,
        *,
        id: UUID,
        assessment_id: UUID,
        assessment_version: int,
        course_id: UUID,
        enrollment_id: UUID,
        learner_id: UUID,
        number: int,
        at: datetime,
    ) -> "Attempt":
        return cls._create(
            cls.Started,
            id=id,
            timestamp=at,
            assessment_id=assessment_id,
            assessment_version=assessment_version,
            course_id=course_id,
            enrollment_id=enrollment_id,
            learner_id=learner_id,
            number=number,
        )

    def submit(
        self,
        *,
        answers: Sequence[Answer],
        questions: Sequence[Question],
        pass_mark: int,
        at: datetime,
    ) -> None:
        """Hands in the answer sheet and grades it at once. Raises `Invalid`, with the path of the
        answer at fault, when it doesn't fit the questions of the assessment."""
        if self.submitted:
            raise AttemptSubmitted("This attempt has been submitted already.")
        result = grade(questions, answers, pass_mark)
        self.trigger_event(
            self.Submitted,
            timestamp=at,
            learner_id=self.learner_id,
            assessment_id=self.assessment_id,
            answers=list(answers),
        )
        self.trigger_event(
            self.Graded,
            timestamp=at,
            learner_id=self.learner_id,
            assessment_id=self.assessment_id,
            course_id=self.course_id,
            enrollment_id=self.enrollment_id,
            score=result.score,
            points=result.points,
            max_points=result.max_points,
            passed=result.passed,
            results=result.results,
            graded_by=BY_MACHINE,
            reason=None,
        )

    @event(Submitted)
    def _submitted(self) -> None:
        self.submitted = True

    @event(Graded)
    def _graded(self, score: float, passed: bool) -> None:
        self.score = score
        self.passed = passed
