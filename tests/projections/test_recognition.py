"""Given feedback, testimonials, certificates and notifications, these rows."""

from __future__ import annotations

from uuid import UUID

from domain import testimonial
from domain.certificate import Certificate, certificate_number
from domain.feedback import Feedback
from domain.identity import certificate_id, feedback_id
from domain.notification import Notification
from tests.projections.story import AT, Story, a_uuid

COURSE, ANN, BOB, ADMIN, ENROLLMENT, ID = (a_uuid(number) for number in range(1, 7))


def feedback(learner: UUID, rating: int, text: str | None = None) -> Feedback:
    return Feedback.submit(
        learner_id=learner,
        course_id=COURSE,
        rating=rating,
        feedback_text=text,
        at=AT[0],
    )


def test_feedback_adds_up_to_the_rating_of_the_course(story: Story) -> None:
    ann = feedback(ANN, 2, "Too fast")
    ann.revise(rating=4, feedback_text="Better now", at=AT[1])
    story.given(ann, feedback(BOB, 5))

    assert story.row("SELECT * FROM feedback WHERE learner_id = %s", ANN) == {
        "id": feedback_id(ANN, COURSE),
        "course_id": COURSE,
        "learner_id": ANN,
        "rating": 4,
        "feedback_text": "Better now",
        "submitted_at": AT[0],
        "updated_at": AT[1],
        "version": 2,
    }
    assert story.row("SELECT * FROM course_rating") == {
        "course_id": COURSE,
        "ratings": 2,
        "rating_sum": 9,
        "average": 4.5,
    }


def a_testimonial() -> testimonial.Testimonial:
    return testimonial.Testimonial.submit(
        id=ID,
        course_id=COURSE,
        learner_id=ANN,
        text="It changed how I think.",
        rating=5,
        anonymous=True,
        at=AT[0],
    )


def test_a_testimonial_is_approved_and_may_be_withdrawn(story: Story) -> None:
    praise = a_testimonial()
    praise.approve(by=ADMIN, at=AT[1])
    story.given(praise)
    assert story.row("SELECT * FROM testimonial") == {
        "id": ID,
        "course_id": COURSE,
        "learner_id": ANN,
        "text": "It changed how I think.",
        "rating": 5,
        "anonymous": True,
        "status": "approved",
        "moderated_by": ADMIN,
        "moderated_at": AT[1],
        "rejection_reason": None,
        "submitted_at": AT[0],
        "updated_at": AT[1],
        "version": 2,
    }

    praise.withdraw(at=AT[2])
    story.given(praise)
    assert story.row("SELECT status, version FROM testimonial") == {
        "status": "withdrawn",
        "version": 3,
    }


def test_a_rejected_testimonial_says_why(story: Story) -> None:
    praise = a_testimonial()
    praise.reject(by=ADMIN, reason="Names a competitor", at=AT[1])
    story.given(praise)

    assert story.row("SELECT status, moderated_by, rejection_reason FROM testimonial") == {
        "status": "rejected",
        "moderated_by": ADMIN,
        "rejection_reason": "Names a competitor",
    }


def test_a_certificate_is_found_by_its_number_until_it_is_revoked(story: Story) -> None:
    certificate = Certificate.issue(
        learner_id=ANN,
        course_id=COURSE,
        course_title="Rust Programming 101",
        course_version=1,
        enrollment_id=ENROLLMENT,
        holder_name="Ann Example",
        completed_at=AT[0],
        expires_at=AT[11],
        at=AT[1],
    )
    story.given(certificate)
    id = certificate_id(ENROLLMENT, 1)
    number = certificate_number(id)
    assert story.row("SELECT * FROM certificate WHERE number = %s", number) == {
        "id": id,
        "number": number,
        "learner_id": ANN,
        "course_id": COURSE,
        "course_title": "Rust Programming 101",
        "course_version": 1,
        "enrollment_id": ENROLLMENT,
        "holder_name": "Ann Example",
        "status": "valid",
        "completed_at": AT[0],
        "issued_at": AT[1],
        "expires_at": AT[11],
        "revoked_at": None,
        "revoked_by": None,
        "revocation_reason": None,
        "updated_at": AT[1],
        "version": 1,
    }

    certificate.revoke(reason="Issued in error", by=ADMIN, at=AT[2])
    story.given(certificate)
    assert story.row(
        "SELECT status, revoked_at, revoked_by, revocation_reason, version FROM certificate"
    ) == {
        "status": "revoked",
        "revoked_at": AT[2],
        "revoked_by": ADMIN,
        "revocation_reason": "Issued in error",
        "version": 2,
    }


def test_a_notification_is_unread_until_it_is_read(story: Story) -> None:
    notification = Notification.create(
        id=ID,
        learner_id=ANN,
        kind="certificate",
        subject_id=ENROLLMENT,
        text_key="certificate.issued",
        params={"course": "Rust Programming 101"},
        at=AT[0],
    )
    story.given(notification)
    assert story.row("SELECT * FROM notification") == {
        "id": ID,
        "learner_id": ANN,
        "kind": "certificate",
        "subject_id": ENROLLMENT,
        "text_key": "certificate.issued",
        "params": {"course": "Rust Programming 101"},
        "created_at": AT[0],
        "read_at": None,
        "updated_at": AT[0],
        "version": 1,
    }

    notification.read(at=AT[1])
    story.given(notification)
    assert story.row("SELECT read_at, version FROM notification") == {
        "read_at": AT[1],
        "version": 2,
    }
