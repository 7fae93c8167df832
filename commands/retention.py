"""What is kept for how long, what must be kept, and what is kept no longer."""

from datetime import datetime
from typing import Any
from uuid import UUID

from access.erasure import turn_statement, unchanged_statement
from commands.erasure import carry_out, last_erasure, must_not_be_held, must_not_change
from commands.expired import is_expired, last_expiry
from commands.message import Command, handles
from commands.work import Work
from domain.aggregate import Aggregate
from domain.attempt import Attempt
from domain.certificate import Certificate
from domain.course import Course
from domain.enrollment import Enrollment, EnrollmentStatus
from domain.erasure import Erasure, LegalBasis
from domain.errors import NotFound
from domain.feedback import Feedback
from domain.identity import erasure_id, legal_holds_id, retention_policies_id
from domain.learner import Learner
from domain.legal_holds import HeldKind, LegalHolds
from domain.retention import ExpiredRecord, NotExpired, RecordKind, RetentionPolicies
from domain.survey_response import SurveyResponse
from domain.testimonial import Testimonial
from event_store.record_keys import expired_statement

RECORDS: dict[RecordKind, type[Aggregate]] = {
    RecordKind.ENROLLMENT: Enrollment,
    RecordKind.ATTEMPT: Attempt,
    RecordKind.CERTIFICATE: Certificate,
    RecordKind.FEEDBACK: Feedback,
    RecordKind.TESTIMONIAL: Testimonial,
    RecordKind.SURVEY_RESPONSE: SurveyResponse,
}


RECORDS_OF = (
    "SELECT stream_type, stream_id FROM event_store.events WHERE version = 1 AND stream_type IN"
    " ('enrollment', 'attempt', 'certificate', 'feedback', 'testimonial', 'survey_response')"
    " AND data->>'learner_id' = %s::text"
)
"""As the index `events_of_records` has it."""


class SetRetention(Command, frozen=True):
    """`course_id` None: for all courses that have no policy of their own."""

    kind: RecordKind
    days: int
    basis: str
    course_id: UUID | None = None


class RemoveRetention(Command, frozen=True):
    kind: RecordKind
    course_id: UUID | None = None


class PlaceHold(Command, frozen=True):
    kind: HeldKind
    subject_id: UUID
    reason: str


class ReleaseHold(Command, frozen=True):
    hold_id: UUID
    reason: str


class ExpireRecord(Command, frozen=True):
    kind: RecordKind
    record_id: UUID


@handles(SetRetention)
def set_retention(command: SetRetention, work: Work) -> RetentionPolicies:
    work.permit_anyone()
    if command.course_id is not None:
        work.existing(Course, command.course_id, field="course_id")
    policies = _policies(work)
    policies.set(
        kind=command.kind,
        course_id=command.course_id,
        days=command.days,
        basis=command.basis,
        at=work.now,
    )
    work.execute_too(*turn_statement())
    return policies


@handles(RemoveRetention)
def remove_retention(command: RemoveRetention, work: Work) -> RetentionPolicies:
    work.permit_anyone()
    policies = _policies(work)
    policies.remove(kind=command.kind, course_id=command.course_id, at=work.now)
    work.execute_too(*turn_statement())
    return policies


@handles(PlaceHold)
def place_hold(command: PlaceHold, work: Work) -> LegalHolds:
    work.permit_anyone()
    subject = Learner if command.kind is HeldKind.LEARNER else Course
    work.existing(subject, command.subject_id, field="subject_id")
    holds = work.find(LegalHolds, legal_holds_id()) or LegalHolds.open(at=work.now)
    holds.place(
        hold_id=work.new_part(),
        kind=command.kind,
        subject_id=command.subject_id,
        reason=command.reason,
        at=work.now,
    )
    work.execute_too(*turn_statement())
    return holds


@handles(ReleaseHold)
def release_hold(command: ReleaseHold, work: Work) -> LegalHolds:
    work.permit_anyone()
    holds = work.get(LegalHolds, legal_holds_id())
    holds.release(hold_id=command.hold_id, reason=command.reason, at=work.now)
    work.about(command.hold_id)
    return holds


@handles(ExpireRecord)
def expire_record(command: ExpireRecord, work: Work) -> Aggregate:
    """By what the log says now, whatever a list has said; nothing expires twice."""
    work.permit_anyone()
    must_not_change(work)
    if command.kind is RecordKind.ACCOUNT:
        return _expire_account(command.record_id, work)
    record: Any = work.latest(RECORDS[command.kind], command.record_id)
    last, times = last_expiry(command.kind, record.id, work)
    if last is not None and is_expired(command.kind, record, work):
        return last
    course_id: UUID | None = getattr(record, "course_id", None)
    if record.learner_id is None:
        raise NotFound("This is nobody's record.")
    if _is_active(record):
        raise NotExpired("This enrolment is still active.")
    _must_be_over(command.kind, course_id, record.modified_on, work)
    must_not_be_held(record.learner_id, course_id, work)
    work.execute_too(*expired_statement(record.id))
    # After the deletion: a text that was added meanwhile has the command decided anew.
    work.execute_too(*unchanged_statement([record.id], [record.version], work.actor.id))
    return ExpiredRecord.expire(
        kind=command.kind,
        record_id=record.id,
        learner_id=record.learner_id,
        course_id=course_id,
        ended_at=record.modified_on,
        number=times + 1,
        at=work.now,
    )


def _expire_account(learner_id: UUID, work: Work) -> Erasure:
    learner = work.latest(Learner, learner_id)
    erasure, number = last_erasure(learner.id, work)
    if learner.erased and erasure is not None:
        return erasure
    if learner.active:
        raise NotExpired("This account is active.")
    _must_be_over(RecordKind.ACCOUNT, None, learner.modified_on, work)
    _must_keep_nothing(learner.id, work)
    if erasure is None or not erasure.is_open:
        erasure = Erasure.request(
            id=erasure_id(learner.id, number + 1),
            learner_id=learner.id,
            legal_basis=LegalBasis.NO_LONGER_NECESSARY,
            requested_by=None,
            at=work.now,
        )
    carry_out(erasure, learner, work)
    return erasure


def _must_be_over(kind: RecordKind, course_id: UUID | None, ended_at: datetime, work: Work) -> None:
    policies = work.find_latest(RetentionPolicies, retention_policies_id())
    expires_at = policies.expires_at(kind, course_id, ended_at) if policies else None
    if expires_at is None or expires_at > work.now:
        raise NotExpired("No policy lets this expire by now.")


def _must_keep_nothing(learner_id: UUID, work: Work) -> None:
    """Raises `NotExpired` while a policy keeps a record of them; what has none keeps nobody."""
    policies = work.find_latest(RetentionPolicies, retention_policies_id())
    for row in work.ask(RECORDS_OF, (learner_id,)):
        kind = RecordKind(row["stream_type"])
        record: Any = work.latest(RECORDS[kind], row["stream_id"])
        if _is_active(record) or is_expired(kind, record, work) or policies is None:
            continue
        course_id: UUID | None = getattr(record, "course_id", None)
        expires_at = policies.expires_at(kind, course_id, record.modified_on)
        if expires_at is not None and expires_at > work.now:
            raise NotExpired(f"This is kept for longer: {kind.replace('_', ' ')} {record.id}.")


def _is_active(record: Any) -> bool:
    return isinstance(record, Enrollment) and record.status is EnrollmentStatus.ACTIVE


def _policies(work: Work) -> RetentionPolicies:
    found = work.find(RetentionPolicies, retention_policies_id())
    return found or RetentionPolicies.open(at=work.now)
