"""Enrolling in courses, learning in them, leaving them."""

from datetime import datetime
from uuid import UUID

from commands.expired import is_expired
from commands.message import Command, handles
from commands.work import Work
from domain.course import Course
from domain.enrollment import Enrollment, EnrollmentSource
from domain.errors import Invalid
from domain.identity import enrollment_id
from domain.learner import Learner
from domain.retention import RecordKind


class EnrollLearner(Command, frozen=True):
    """Without `learner_id` it is the actor who enrols."""

    course_id: UUID
    learner_id: UUID | None = None
    due_at: datetime | None = None


class UpdateProgress(Command, frozen=True):
    """`seconds` were spent since the last update."""

    enrollment_id: UUID
    lesson_id: UUID
    percent: int
    seconds: int = 0
    bookmark: str | None = None


class WithdrawEnrollment(Command, frozen=True):
    enrollment_id: UUID
    reason: str | None = None


class RecordAssessmentPassed(Command, frozen=True):
    enrollment_id: UUID
    assessment_id: UUID
    attempt_id: UUID
    score: float


@handles(EnrollLearner)
def enroll_learner(command: EnrollLearner, work: Work) -> Enrollment:
    learner_id = command.learner_id or work.actor.id
    if learner_id is None:
        raise Invalid("Say who is to be enrolled.", field="learner_id")
    course = work.existing(Course, command.course_id, field="course_id")
    work.permit(learner=learner_id, instructors=course.instructors)
    work.existing(Learner, learner_id, field="learner_id").must_be_active()
    course.must_be_open()
    return _enrolled(learner_id, course, command.due_at, work)


@handles(UpdateProgress)
def update_progress(command: UpdateProgress, work: Work) -> Enrollment:
    """The most frequent command: it loads one aggregate, as a rule from the cache."""
    enrollment = work.get(Enrollment, command.enrollment_id)
    work.permit(learner=enrollment.learner_id)
    enrollment.update_progress(
        lesson_id=command.lesson_id,
        percent=command.percent,
        seconds=command.seconds,
        bookmark=command.bookmark,
        at=work.now,
    )
    return enrollment


@handles(WithdrawEnrollment)
def withdraw_enrollment(command: WithdrawEnrollment, work: Work) -> Enrollment:
    enrollment = work.get(Enrollment, command.enrollment_id)
    course = work.latest(Course, enrollment.course_id)
    work.permit(learner=enrollment.learner_id, instructors=course.instructors)
    enrollment.withdraw(reason=command.reason, at=work.now)
    return enrollment


@handles(RecordAssessmentPassed)
def record_assessment_passed(command: RecordAssessmentPassed, work: Work) -> Enrollment:
    enrollment = work.get(Enrollment, command.enrollment_id)
    enrollment.record_assessment_passed(
        assessment_id=command.assessment_id,
        attempt_id=command.attempt_id,
        score=command.score,
        at=work.now,
    )
    return enrollment


def _enrolled(learner_id: UUID, course: Course, due_at: datetime | None, work: Work) -> Enrollment:
    """A new enrolment, or the withdrawn one taken up again, on the version published now. One that
    has expired begins anew."""
    source = _source(learner_id, work)
    enrollment = work.find(Enrollment, enrollment_id(learner_id, course.id))
    if enrollment is None:
        return Enrollment.create(
            learner_id=learner_id,
            course_id=course.id,
            course_version=course.course_version,
            lessons=course.published_lessons,
            assessments=course.published_assessments,
            enrolled_by=work.actor.id,
            source=source,
            due_at=due_at,
            at=work.now,
        )
    enrollment.reinstate(
        course_version=course.course_version,
        lessons=course.published_lessons,
        assessments=course.published_assessments,
        enrolled_by=work.actor.id,
        source=source,
        due_at=due_at,
        anew=is_expired(RecordKind.ENROLLMENT, enrollment, work),
        at=work.now,
    )
    return enrollment


def _source(learner_id: UUID, work: Work) -> EnrollmentSource:
    if work.actor.id is None:
        return EnrollmentSource.POLICY
    return EnrollmentSource.SELF if work.actor.id == learner_id else EnrollmentSource.MANAGER
