"""Certifying that courses were completed."""

from datetime import datetime
from uuid import UUID

from commands.message import Command, handles
from commands.work import Work
from domain.certificate import Certificate, certificate_number
from domain.course import Course
from domain.enrollment import Enrollment
from domain.errors import Conflict
from domain.identity import certificate_id
from domain.learner import Learner


class EnrollmentNotCompleted(Conflict):
    code = "enrollment-not-completed"


class AlreadyCertified(Conflict):
    code = "already-certified"


class IssueCertificate(Command, frozen=True):
    enrollment_id: UUID


class RevokeCertificate(Command, frozen=True):
    certificate_id: UUID
    reason: str


@handles(IssueCertificate)
def issue_certificate(command: IssueCertificate, work: Work) -> Certificate:
    enrollment = work.existing(Enrollment, command.enrollment_id, field="enrollment_id")
    if enrollment.completed_at is None:
        raise EnrollmentNotCompleted("This enrolment isn't completed yet.")
    completion = _completion(enrollment, enrollment.completed_at, work)
    return Certificate.issue(
        learner_id=enrollment.learner_id,
        course_id=enrollment.course_id,
        course_title=work.latest(Course, enrollment.course_id).title,
        course_version=enrollment.course_version,
        enrollment_id=enrollment.id,
        holder_name=work.latest(Learner, enrollment.learner_id).full_name,
        completed_at=enrollment.completed_at,
        number=certificate_number(work.new_id()),
        completion=completion,
        at=work.now,
    )


def _completion(enrollment: Enrollment, completed_at: datetime, work: Work) -> int:
    """The how manieth it is of that version, by those that were certified: an enrolment that has
    expired may be begun anew. Raises `AlreadyCertified`."""
    number = 1
    while (
        found := work.find(
            Certificate, certificate_id(enrollment.id, enrollment.course_version, number)
        )
    ) is not None:
        if found.completed_at == completed_at:
            raise AlreadyCertified("This completion has been certified already.")
        number += 1
    return number


@handles(RevokeCertificate)
def revoke_certificate(command: RevokeCertificate, work: Work) -> Certificate:
    certificate = work.get(Certificate, command.certificate_id)
    certificate.revoke(reason=command.reason, by=work.actor.id, at=work.now)
    return certificate
