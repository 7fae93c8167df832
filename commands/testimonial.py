"""Testimonials, and their moderation by the course's instructors."""

from uuid import UUID

from commands.enrolled import enrollment_of
from commands.message import Command, handles
from commands.work import Work
from domain.course import Course
from domain.testimonial import Testimonial


class SubmitTestimonial(Command, frozen=True):
    course_id: UUID
    text: str
    rating: int
    anonymous: bool = False


class ApproveTestimonial(Command, frozen=True):
    testimonial_id: UUID


class RejectTestimonial(Command, frozen=True):
    testimonial_id: UUID
    reason: str


class WithdrawTestimonial(Command, frozen=True):
    testimonial_id: UUID


@handles(SubmitTestimonial)
def submit_testimonial(command: SubmitTestimonial, work: Work) -> Testimonial:
    work.permit(learner=work.me)
    course = work.existing(Course, command.course_id, field="course_id")
    enrollment_of(work.me, course.id, work)
    return Testimonial.submit(
        id=work.new_id(),
        course_id=course.id,
        learner_id=work.me,
        text=command.text,
        rating=command.rating,
        anonymous=command.anonymous,
        at=work.now,
    )


@handles(ApproveTestimonial)
def approve_testimonial(command: ApproveTestimonial, work: Work) -> Testimonial:
    testimonial = _to_moderate(command.testimonial_id, work)
    testimonial.approve(by=work.actor.id, at=work.now)
    return testimonial


@handles(RejectTestimonial)
def reject_testimonial(command: RejectTestimonial, work: Work) -> Testimonial:
    testimonial = _to_moderate(command.testimonial_id, work)
    testimonial.reject(by=work.actor.id, reason=command.reason, at=work.now)
    return testimonial


@handles(WithdrawTestimonial)
def withdraw_testimonial(command: WithdrawTestimonial, work: Work) -> Testimonial:
    testimonial = work.get(Testimonial, command.testimonial_id)
    work.permit(learner=testimonial.learner_id)
    testimonial.withdraw(at=work.now)
    return testimonial


def _to_moderate(testimonial_id: UUID, work: Work) -> Testimonial:
    testimonial = work.get(Testimonial, testimonial_id)
    work.permit(instructors=work.latest(Course, testimonial.course_id).instructors)
    return testimonial
