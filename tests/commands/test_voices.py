"""Feedback, testimonials, certificates and notifications."""

from uuid import uuid4

import pytest

from access.actor import SYSTEM
from commands.certificate import (
    AlreadyCertified,
    EnrollmentNotCompleted,
    IssueCertificate,
    RevokeCertificate,
)
from commands.enrollment import WithdrawEnrollment
from commands.errors import NotEnrolled
from commands.feedback import SubmitFeedback
from commands.notification import AlreadyNotified, CreateNotification, ReadNotification
from commands.testimonial import (
    ApproveTestimonial,
    RejectTestimonial,
    SubmitTestimonial,
    WithdrawTestimonial,
)
from domain import testimonial
from domain.certificate import Certificate, CertificateRevoked, certificate_number
from domain.course import Course
from domain.enrollment import Enrollment
from domain.errors import Forbidden, Invalid
from domain.feedback import Feedback
from domain.notification import Notification
from tests.commands.system import ADMIN, Given, Person, System


def test_feedback_given_again_is_revised(
    system: System, a_learner: Person, an_open_enrollment: Enrollment
) -> None:
    first = SubmitFeedback(course_id=an_open_enrollment.course_id, rating=2, feedback_text="Meh.")
    second = SubmitFeedback(course_id=an_open_enrollment.course_id, rating=5)
    given = system.when(first, a_learner.actor).then(Feedback.Submitted)
    revised = system.when(second, a_learner.actor).then(Feedback.Revised)
    assert given.id == revised.id


def test_who_left_may_say_why(
    system: System, a_learner: Person, an_open_enrollment: Enrollment
) -> None:
    system.dispatch(WithdrawEnrollment(enrollment_id=an_open_enrollment.id), a_learner.actor)
    feedback = SubmitFeedback(course_id=an_open_enrollment.course_id, rating=1)
    system.when(feedback, a_learner.actor).then(Feedback.Submitted)


def test_who_was_never_there_has_no_say(
    system: System, a_stranger: Person, a_published_course: Course
) -> None:
    feedback = SubmitFeedback(course_id=a_published_course.id, rating=1)
    system.when(feedback, a_stranger.actor).refuses(NotEnrolled)
    submit = SubmitTestimonial(course_id=a_published_course.id, text="Wow", rating=5)
    system.when(submit, a_stranger.actor).refuses(NotEnrolled)
    nowhere = SubmitFeedback(course_id=uuid4(), rating=1)
    system.when(nowhere, a_stranger.actor).refuses(Invalid, "course_id")


def test_a_testimonial_is_moderated_by_the_course_s_instructor(
    system: System,
    a_learner: Person,
    an_open_enrollment: Enrollment,
    an_instructor: Person,
    another_instructor: Person,
) -> None:
    submit = SubmitTestimonial(course_id=an_open_enrollment.course_id, text="Great", rating=5)
    id = system.when(submit, a_learner.actor).then(testimonial.Testimonial.Submitted).id
    approve = ApproveTestimonial(testimonial_id=id)
    system.when(approve, a_learner.actor).refuses(Forbidden)
    system.when(approve, another_instructor.actor).refuses(Forbidden)
    outcome = system.when(approve, an_instructor.actor)
    outcome.then(testimonial.Testimonial.Approved)
    assert outcome.facts[0].by == an_instructor.id
    reject = RejectTestimonial(testimonial_id=id, reason="Rude")
    system.when(reject, an_instructor.actor).refuses(testimonial.TestimonialModerated)
    withdraw = WithdrawTestimonial(testimonial_id=id)
    system.when(withdraw, an_instructor.actor).refuses(Forbidden)
    system.when(withdraw, a_learner.actor).then(testimonial.Testimonial.Withdrawn)


def test_a_testimonial_is_rejected_with_a_reason(
    system: System, a_learner: Person, an_open_enrollment: Enrollment, an_instructor: Person
) -> None:
    submit = SubmitTestimonial(course_id=an_open_enrollment.course_id, text="Great", rating=5)
    id = system.dispatch(submit, a_learner.actor).id
    no_reason = RejectTestimonial(testimonial_id=id, reason=" ")
    system.when(no_reason, an_instructor.actor).refuses(Invalid, "reason")
    reject = RejectTestimonial(testimonial_id=id, reason="Rude")
    system.when(reject, an_instructor.actor).then(testimonial.Testimonial.Rejected)


def test_a_completion_is_certified_once(
    system: System, given: Given, a_learner: Person, a_published_course: Course
) -> None:
    enrollment = given.a_completed_enrollment(a_learner, a_published_course)
    outcome = system.when(IssueCertificate(enrollment_id=enrollment.id), SYSTEM)
    outcome.then(Certificate.Issued)
    issued = outcome.facts[0]
    assert (issued.holder_name, issued.course_title) == ("Jane Doe", "Rust Programming 101")
    assert issued.completed_at == enrollment.completed_at
    assert issued.number != certificate_number(outcome.id), "it can't be worked out"
    again = IssueCertificate(enrollment_id=enrollment.id)
    system.when(again, ADMIN).refuses(AlreadyCertified)


def test_what_isn_t_completed_is_not_certified(
    system: System, an_open_enrollment: Enrollment
) -> None:
    issue = IssueCertificate(enrollment_id=an_open_enrollment.id)
    system.when(issue, SYSTEM).refuses(EnrollmentNotCompleted)
    system.when(IssueCertificate(enrollment_id=uuid4()), SYSTEM).refuses(Invalid, "enrollment_id")


def test_a_certificate_is_revoked_once(
    system: System, given: Given, a_learner: Person, a_published_course: Course
) -> None:
    enrollment = given.a_completed_enrollment(a_learner, a_published_course)
    id = system.dispatch(IssueCertificate(enrollment_id=enrollment.id)).id
    revoke = RevokeCertificate(certificate_id=id, reason="Cheated")
    system.when(revoke, a_learner.actor).refuses(Forbidden)
    system.when(revoke).then(Certificate.Revoked)
    system.when(revoke).refuses(CertificateRevoked)


@pytest.fixture
def a_message(a_learner: Person, a_published_course: Course) -> CreateNotification:
    return CreateNotification(
        learner_id=a_learner.id,
        cause="stream/1",
        kind="enrollment",
        subject_id=uuid4(),
        text_key="enrolled",
        params={"days": "30"},
        course_id=a_published_course.id,
    )


def test_a_message_is_filled_with_titles(system: System, a_message: CreateNotification) -> None:
    outcome = system.when(a_message, SYSTEM)
    outcome.then(Notification.Created)
    expected = {"days": "30", "course_title": "Rust Programming 101"}
    assert outcome.facts[0].params == expected


def test_nobody_is_told_twice(system: System, a_message: CreateNotification) -> None:
    system.dispatch(a_message, SYSTEM)
    system.when(a_message, SYSTEM).refuses(AlreadyNotified)


def test_a_message_is_read_by_whom_it_is_for(
    system: System, a_message: CreateNotification, a_learner: Person, a_stranger: Person
) -> None:
    id = system.dispatch(a_message, SYSTEM).id
    read = ReadNotification(notification_id=id)
    system.when(read, a_stranger.actor).refuses(Forbidden)
    system.when(read, a_learner.actor).then(Notification.Read)
    system.when(read, a_learner.actor).then()
