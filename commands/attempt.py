"""Taking assessments."""

from uuid import UUID

import msgspec

from commands.enrolled import enrollment_of
from commands.message import Command, Part, handles
from commands.work import Work
from domain.assessment import Assessment
from domain.attempt import Attempt, AttemptSeries
from domain.enrollment import Enrollment
from domain.errors import NotFound
from domain.grading import Answer, QuestionResult
from domain.identity import attempt_series_id
from event_store.application import Log


class StartAttempt(Command, frozen=True):
    assessment_id: UUID


class GivenAnswer(Part, frozen=True):
    """The choices ticked at one question."""

    question_id: UUID
    choices: list[UUID]


class SubmitAttempt(Command, frozen=True):
    attempt_id: UUID
    answers: list[GivenAnswer]


class AttemptResult(msgspec.Struct, frozen=True):
    """How an attempt was graded when it was submitted; `score` is a percent, from 0 to 100."""

    score: float
    passed: bool
    points: int
    max_points: int
    feedback: list[QuestionResult]


@handles(StartAttempt)
def start_attempt(command: StartAttempt, work: Work) -> Attempt:
    work.permit(learner=work.me)
    assessment = work.latest(Assessment, command.assessment_id)
    enrollment = enrollment_of(work.me, assessment.course_id, work)
    enrollment.must_not_be_withdrawn()
    assessment.must_be_published()
    series = _series(assessment.id, work)
    attempt_id = work.new_id()
    number = series.start_attempt(
        attempt_id=attempt_id, attempts_allowed=assessment.attempts_allowed, at=work.now
    )
    work.save_too(series)
    return Attempt.start(
        id=attempt_id,
        assessment_id=assessment.id,
        assessment_version=assessment.assessment_version,
        course_id=assessment.course_id,
        enrollment_id=enrollment.id,
        learner_id=work.me,
        number=number,
        at=work.now,
    )


@handles(SubmitAttempt)
def submit_attempt(command: SubmitAttempt, work: Work) -> Attempt:
    attempt = work.get(Attempt, command.attempt_id)
    work.permit(learner=attempt.learner_id)
    work.latest(Enrollment, attempt.enrollment_id).must_not_be_withdrawn()
    assessment = work.latest(Assessment, attempt.assessment_id)
    attempt.submit(
        answers=[Answer(answer.question_id, answer.choices) for answer in command.answers],
        questions=assessment.questions,
        pass_mark=assessment.pass_mark,
        at=work.now,
    )
    series = work.latest(
        AttemptSeries, attempt_series_id(attempt.learner_id, attempt.assessment_id)
    )
    series.end_attempt(attempt_id=attempt.id, passed=attempt.passed, at=work.now)
    work.save_too(series)
    return attempt


def result_of(log: Log, attempt_id: UUID) -> AttemptResult:
    """How a submitted attempt was graded at once, as the answer to `SubmitAttempt`.

    It is read from the event, so a repeated command is answered in the same words, also after a
    person has graded the attempt anew. Raises `NotFound`.
    """
    for event in log.events.get(attempt_id):
        if isinstance(event, Attempt.Graded):
            return AttemptResult(
                score=event.score,
                passed=event.passed,
                points=event.points,
                max_points=event.max_points,
                feedback=event.results,
            )
    raise NotFound("There is no such submitted attempt.")


def _series(assessment_id: UUID, work: Work) -> AttemptSeries:
    series = work.find(AttemptSeries, attempt_series_id(work.me, assessment_id))
    return series or AttemptSeries.begin(
        learner_id=work.me, assessment_id=assessment_id, at=work.now
    )
