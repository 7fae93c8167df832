"""What one learner says about one course: stars and words, which they may revise."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from domain import text
from domain.aggregate import Aggregate, Personal, event
from domain.errors import Invalid
from domain.identity import feedback_id


class Feedback(Aggregate):
    """One stream per learner and course; giving feedback again revises it."""

    STREAM_TYPE = "feedback"
    EXPIRES = True

    course_id: UUID
    learner_id: UUID
    rating: int

    class Submitted(Aggregate.Created):
        TOPIC = "feedback.submitted"
        SUBJECT = "learner_id"
        course_id: UUID
        learner_id: UUID
        rating: int
        feedback_text: Annotated[str | None, Personal]

    class Revised(Aggregate.Event):
        """Rating and text as the learner now wants them."""

        TOPIC = "feedback.revised"
        SUBJECT = "learner_id"
        course_id: UUID
        learner_id: UUID
        rating: int
        feedback_text: Annotated[str | None, Personal]

    def __init__(self, course_id: UUID, learner_id: UUID, rating: int) -> None:
        self.course_id = course_id
        self.learner_id = learner_id
        self.rating = rating

    @classmethod
    def submit(
        cls,
        *,
        learner_id: UUID,
        course_id: UUID,
        rating: int,
        feedback_text: str | None,
        at: datetime,
    ) -> "Feedback":
        return cls._create(
            cls.Submitted,
            id=feedback_id(learner_id, course_id),
            timestamp=at,
            course_id=course_id,
            learner_id=learner_id,
            **_words(rating, feedback_text),
        )

    def revise(self, *, rating: int, feedback_text: str | None, at: datetime) -> None:
        self.trigger_event(
            self.Revised,
            timestamp=at,
            course_id=self.course_id,
            learner_id=self.learner_id,
            **_words(rating, feedback_text),
        )

    @event(Revised)
    def _revised(self, rating: int) -> None:
        self.rating = rating


def _words(rating: int, feedback_text: str | None) -> dict[str, Any]:
    if not 1 <= rating <= 5:
        raise Invalid("rating must be from 1 to 5.", field="rating")
    return {
        "rating": rating,
        "feedback_text": text.optional(feedback_text, "feedback_text", 10_000),
    }
