"""What a learner says about a course in public, once a moderator has approved it."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from domain.aggregate import Aggregate, Personal, event
from domain.errors import Conflict, Invalid
from domain.text import required


class TestimonialStatus(StrEnum):
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class TestimonialModerated(Conflict):
    code = "testimonial-moderated"


class TestimonialNotStanding(Conflict):
    code = "testimonial-not-standing"


class Testimonial(Aggregate):
    """Moderated once. Its author may withdraw it before and after approval; who was rejected
    writes a new one."""

    STREAM_TYPE = "testimonial"
    EXPIRES = True

    course_id: UUID
    learner_id: UUID
    status: TestimonialStatus

    class Submitted(Aggregate.Created):
        """`anonymous` asks that the author's name is not shown; the log knows it."""

        TOPIC = "testimonial.submitted"
        SUBJECT = "learner_id"
        course_id: UUID
        learner_id: UUID
        text: Annotated[str, Personal]
        rating: int
        anonymous: bool

    class Approved(Aggregate.Event):
        TOPIC = "testimonial.approved"
        course_id: UUID
        learner_id: UUID
        by: UUID | None

    class Rejected(Aggregate.Event):
        TOPIC = "testimonial.rejected"
        course_id: UUID
        learner_id: UUID
        by: UUID | None
        reason: str

    class Withdrawn(Aggregate.Event):
        TOPIC = "testimonial.withdrawn"
        course_id: UUID
        learner_id: UUID

    def __init__(self, course_id: UUID, learner_id: UUID) -> None:
        self.course_id = course_id
        self.learner_id = learner_id
        self.status = TestimonialStatus.SUBMITTED

    @classmethod
    def submit(
        cls,
        *,
        id: UUID,
        course_id: UUID,
        learner_id: UUID,
        text: str,
        rating: int,
        anonymous: bool,
        at: datetime,
    ) -> "Testimonial":
        if not 1 <= rating <= 5:
            raise Invalid("rating must be from 1 to 5.", field="rating")
        return cls._create(
            cls.Submitted,
            id=id,
            timestamp=at,
            course_id=course_id,
            learner_id=learner_id,
            text=required(text, "text", 5_000),
            rating=rating,
            anonymous=anonymous,
        )

    def approve(self, *, by: UUID | None, at: datetime) -> None:
        self._must_wait_for_moderation()
        self.trigger_event(
            self.Approved,
            timestamp=at,
            course_id=self.course_id,
            learner_id=self.learner_id,
            by=by,
        )

    def reject(self, *, by: UUID | None, reason: str, at: datetime) -> None:
        self._must_wait_for_moderation()
        self.trigger_event(
            self.Rejected,
            timestamp=at,
            course_id=self.course_id,
            learner_id=self.learner_id,
            by=by,
            reason=required(reason, "reason", 1_000),
        )

    def withdraw(self, *, at: datetime) -> None:
        if self.status not in (TestimonialStatus.SUBMITTED, TestimonialStatus.APPROVED):
            raise TestimonialNotStanding(f"This testimonial has been {self.status} already.")
        self.trigger_event(
            self.Withdrawn, timestamp=at, course_id=self.course_id, learner_id=self.learner_id
        )

    def _must_wait_for_moderation(self) -> None:
        if self.status is not TestimonialStatus.SUBMITTED:
            raise TestimonialModerated(f"This testimonial has been {self.status} already.")

    @event(Approved)
    def _approved(self) -> None:
        self.status = TestimonialStatus.APPROVED

    @event(Rejected)
    def _rejected(self) -> None:
        self.status = TestimonialStatus.REJECTED

    @event(Withdrawn)
    def _withdrawn(self) -> None:
        self.status = TestimonialStatus.WITHDRAWN
