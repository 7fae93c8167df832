"""Learners are told what concerns them. The words are `read_api`'s, found by the text key."""

from collections.abc import Iterable
from uuid import UUID

from commands.message import Command
from commands.notification import CreateNotification
from domain.attempt import Attempt
from domain.certificate import Certificate
from domain.enrollment import Enrollment
from domain.survey_invitation import SurveyInvitation
from domain.testimonial import Testimonial
from event_store.record import Record
from policies.policy import Policy, cause, on


class Notifications(Policy):
    name = "notifications"

    @on(Enrollment.Created, Enrollment.Reinstated)
    def enrolled(
        self, event: Enrollment.Created | Enrollment.Reinstated, record: Record
    ) -> Iterable[Command]:
        yield about(record, event.learner_id, "enrollment.created", course_id=event.course_id)

    @on(Enrollment.Completed)
    def completed(self, event: Enrollment.Completed, record: Record) -> Iterable[Command]:
        yield about(record, event.learner_id, "enrollment.completed", course_id=event.course_id)

    @on(Attempt.Graded)
    def graded(self, event: Attempt.Graded, record: Record) -> Iterable[Command]:
        yield about(
            record,
            event.learner_id,
            "assessment.passed" if event.passed else "assessment.failed",
            params={"score": f"{event.score:g}"},
            course_id=event.course_id,
            assessment_id=event.assessment_id,
        )

    @on(Certificate.Issued)
    def certified(self, event: Certificate.Issued, record: Record) -> Iterable[Command]:
        yield about(
            record,
            event.learner_id,
            "certificate.issued",
            params={"course_title": event.course_title},
        )

    @on(SurveyInvitation.Sent)
    def invited(self, event: SurveyInvitation.Sent, record: Record) -> Iterable[Command]:
        yield about(
            record,
            event.learner_id,
            "survey.invited",
            subject_id=event.survey_id,
            survey_id=event.survey_id,
        )

    @on(Testimonial.Approved)
    def approved(self, event: Testimonial.Approved, record: Record) -> Iterable[Command]:
        yield about(record, event.learner_id, "testimonial.approved", course_id=event.course_id)

    @on(Testimonial.Rejected)
    def rejected(self, event: Testimonial.Rejected, record: Record) -> Iterable[Command]:
        yield about(record, event.learner_id, "testimonial.rejected", course_id=event.course_id)


def about(
    record: Record,
    learner_id: UUID,
    text_key: str,
    *,
    subject_id: UUID | None = None,
    params: dict[str, str] | None = None,
    course_id: UUID | None = None,
    assessment_id: UUID | None = None,
    survey_id: UUID | None = None,
) -> CreateNotification:
    """Tells the learner of the event; the subject is its stream unless another is named."""
    return CreateNotification(
        learner_id=learner_id,
        cause=cause(record),
        kind=text_key.partition(".")[0],
        subject_id=subject_id or record.stream_id,
        text_key=text_key,
        params=params or {},
        course_id=course_id,
        assessment_id=assessment_id,
        survey_id=survey_id,
    )
