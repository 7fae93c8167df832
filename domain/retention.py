"""How long which records are kept, and that one has expired."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from domain import text
from domain.aggregate import Aggregate, event
from domain.errors import Conflict, Invalid, NotFound
from domain.identity import expired_record_id, retention_policies_id

LONGEST_DAYS = 36_525
"""A hundred years."""


class RecordKind(StrEnum):
    """What a policy is for. `account` is the person: when it expires, they are erased."""

    ENROLLMENT = "enrollment"
    ATTEMPT = "attempt"
    CERTIFICATE = "certificate"
    FEEDBACK = "feedback"
    TESTIMONIAL = "testimonial"
    SURVEY_RESPONSE = "survey_response"
    ACCOUNT = "account"


class RetentionPolicyNotFound(NotFound):
    code = "retention-policy-not-found"


class NotExpired(Conflict):
    """No policy says so yet, or the record is still being worked on."""

    code = "not-expired"


class RetentionPolicies(Aggregate):
    """All policies. One for a course goes before the one for all courses; without any, what is
    there is kept for ever."""

    STREAM_TYPE = "retention_policies"
    SNAPSHOT_EVERY = 100

    days: dict[str, int]

    class Opened(Aggregate.Created):
        TOPIC = "retention_policies.opened"

    class PolicySet(Aggregate.Event):
        """`basis` says which rule asks for it, such as 29 CFR 1910.1020."""

        TOPIC = "retention_policies.policy_set"
        kind: RecordKind
        course_id: UUID | None
        days: int
        basis: str

    class PolicyRemoved(Aggregate.Event):
        TOPIC = "retention_policies.policy_removed"
        kind: RecordKind
        course_id: UUID | None

    def __init__(self) -> None:
        self.days = {}

    @classmethod
    def open(cls, *, at: datetime) -> "RetentionPolicies":
        return cls._create(cls.Opened, id=retention_policies_id(), timestamp=at)

    def set(
        self, *, kind: RecordKind, course_id: UUID | None, days: int, basis: str, at: datetime
    ) -> None:
        if kind is RecordKind.ACCOUNT and course_id is not None:
            raise Invalid("An account belongs to no course.", field="course_id")
        if not 0 < days <= LONGEST_DAYS:
            raise Invalid(f"days is from 1 to {LONGEST_DAYS}.", field="days")
        self.trigger_event(
            self.PolicySet,
            timestamp=at,
            kind=kind,
            course_id=course_id,
            days=days,
            basis=text.required(basis, "basis", 300),
        )

    def remove(self, *, kind: RecordKind, course_id: UUID | None, at: datetime) -> None:
        if _key(kind, course_id) not in self.days:
            raise RetentionPolicyNotFound("There is no such policy.")
        self.trigger_event(self.PolicyRemoved, timestamp=at, kind=kind, course_id=course_id)

    def expires_at(
        self, kind: RecordKind, course_id: UUID | None, ended_at: datetime
    ) -> datetime | None:
        """When something that ended at `ended_at` expires; None: never."""
        days = self.days.get(_key(kind, course_id), self.days.get(_key(kind, None)))
        return None if days is None else ended_at + timedelta(days=days)

    @event(PolicySet)
    def _policy_set(self, kind: RecordKind, course_id: UUID | None, days: int) -> None:
        self.days[_key(kind, course_id)] = days

    @event(PolicyRemoved)
    def _policy_removed(self, kind: RecordKind, course_id: UUID | None) -> None:
        del self.days[_key(kind, course_id)]


class ExpiredRecord(Aggregate):
    """That a record is no longer kept: it goes from every view, and still counts in statistics."""

    STREAM_TYPE = "expired_record"

    kind: RecordKind
    record_id: UUID

    class Expired(Aggregate.Created):
        TOPIC = "expired_record.expired"
        kind: RecordKind
        record_id: UUID
        learner_id: UUID
        course_id: UUID | None
        ended_at: datetime

    def __init__(self, kind: RecordKind, record_id: UUID) -> None:
        self.kind = kind
        self.record_id = record_id

    @classmethod
    def expire(
        cls,
        *,
        kind: RecordKind,
        record_id: UUID,
        learner_id: UUID,
        course_id: UUID | None,
        ended_at: datetime,
        at: datetime,
        number: int = 1,
    ) -> "ExpiredRecord":
        """`number` counts how often, for records that can be begun anew."""
        return cls._create(
            cls.Expired,
            id=expired_record_id(kind, record_id, number),
            timestamp=at,
            kind=kind,
            record_id=record_id,
            learner_id=learner_id,
            course_id=course_id,
            ended_at=ended_at,
        )


def _key(kind: RecordKind, course_id: UUID | None) -> str:
    return f"{kind}:{course_id or ''}"
