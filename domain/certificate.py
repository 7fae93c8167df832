"""Proof that a learner completed a course, checkable by anyone who has its number."""

from datetime import datetime
from hashlib import sha256
from typing import Annotated
from uuid import UUID

from domain import text
from domain.aggregate import Aggregate, Personal, event
from domain.errors import Conflict, Invalid
from domain.identity import certificate_id


class CertificateRevoked(Conflict):
    code = "certificate-revoked"


# Crockford's base 32: no letters that are read as digits, or as each other.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_DIGITS = 16
_BITS = 5


def certificate_number(secret: UUID) -> str:
    """The number printed on a certificate: 80 bits of a hash, such as `7Q2M-0XKD-9V3R-HT5A`. Who
    has a number can check it; nobody can guess one when `secret` is random."""
    bits = int.from_bytes(sha256(secret.bytes).digest()[: _DIGITS * _BITS // 8])
    digits = [_ALPHABET[bits >> _BITS * place & 31] for place in reversed(range(_DIGITS))]
    return "-".join("".join(digits[start : start + 4]) for start in range(0, _DIGITS, 4))


class Certificate(Aggregate):
    """One per enrolment, version and completion. It carries all that is printed on it, so it
    outlives its course."""

    STREAM_TYPE = "certificate"
    EXPIRES = True

    number: str
    learner_id: UUID
    course_id: UUID
    enrollment_id: UUID
    completed_at: datetime
    expires_at: datetime | None
    revoked: bool

    class Issued(Aggregate.Created):
        TOPIC = "certificate.issued"
        SUBJECT = "learner_id"
        number: str
        learner_id: UUID
        course_id: UUID
        course_title: str
        course_version: int
        enrollment_id: UUID
        holder_name: Annotated[str, Personal]
        completed_at: datetime
        expires_at: datetime | None

    class Revoked(Aggregate.Event):
        TOPIC = "certificate.revoked"
        learner_id: UUID
        reason: str
        by: UUID | None

    def __init__(
        self,
        number: str,
        learner_id: UUID,
        course_id: UUID,
        enrollment_id: UUID,
        completed_at: datetime,
        expires_at: datetime | None,
    ) -> None:
        self.number = number
        self.learner_id = learner_id
        self.course_id = course_id
        self.enrollment_id = enrollment_id
        self.completed_at = completed_at
        self.expires_at = expires_at
        self.revoked = False

    @classmethod
    def issue(
        cls,
        *,
        learner_id: UUID,
        course_id: UUID,
        course_title: str,
        course_version: int,
        enrollment_id: UUID,
        holder_name: str,
        completed_at: datetime,
        at: datetime,
        expires_at: datetime | None = None,
        number: str | None = None,
        completion: int = 1,
    ) -> "Certificate":
        """Issues it; its id follows from the enrolment, the version completed, and for which time
        that is (`completion`). So does the number when none is given, which is good enough for
        invented people only."""
        if expires_at is not None and expires_at <= completed_at:
            raise Invalid("expires_at must lie after the completion.", field="expires_at")
        id = certificate_id(enrollment_id, course_version, completion)
        return cls._create(
            cls.Issued,
            id=id,
            timestamp=at,
            number=number or certificate_number(id),
            learner_id=learner_id,
            course_id=course_id,
            course_title=text.required(course_title, "course_title", 300),
            course_version=course_version,
            enrollment_id=enrollment_id,
            holder_name=text.required(holder_name, "holder_name", 300),
            completed_at=completed_at,
            expires_at=expires_at,
        )

    def revoke(self, *, reason: str, by: UUID | None, at: datetime) -> None:
        if self.revoked:
            raise CertificateRevoked("This certificate has been revoked already.")
        self.trigger_event(
            self.Revoked,
            timestamp=at,
            learner_id=self.learner_id,
            reason=text.required(reason, "reason", 1_000),
            by=by,
        )

    @event(Revoked)
    def _revoked(self) -> None:
        self.revoked = True
