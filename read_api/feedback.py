"""Queries on feedback."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from edge.cursor import DEFAULT_LIMIT, CursorParameter, Limit, Page
from read_api.asking import READS, Asking
from read_api.listing import Listing

SELECT = (
    "SELECT id, course_id, learner_id, rating, feedback_text, submitted_at, updated_at, version"
    " FROM read_models.feedback"
)
RatingFilter = Annotated[int | None, QueryParameter(name="rating", ge=1, le=5)]


class Feedback(msgspec.Struct, frozen=True, kw_only=True):
    """What a learner says about a course, to those who give it; `rating` is from 1 to 5."""

    id: UUID
    course_id: UUID
    learner_id: UUID
    rating: int
    feedback_text: str | None
    submitted_at: datetime
    updated_at: datetime
    version: int


FEEDBACK = Listing(
    "feedback",
    Feedback,
    SELECT,
    order=("submitted_at", "id"),
    key=lambda feedback: (feedback.submitted_at, feedback.id),
)


@get("/feedback", operation_id="ListFeedback", tags=["Feedback"], opt={READS: ("feedback",)})
async def list_feedback(
    asking: NamedDependency[Asking],
    course_id: FromQuery[UUID | None] = None,
    learner_id: FromQuery[UUID | None] = None,
    rating: RatingFilter = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: CursorParameter = None,
) -> Page[Feedback]:
    """List feedback on courses, the newest first."""
    where = asking.where(learner="learner_id", course="course_id")
    where.given("course_id = %s", course_id)
    where.given("learner_id = %s", learner_id)
    where.given("rating = %s", rating)
    return await FEEDBACK.page(asking.database, where, limit, cursor)
