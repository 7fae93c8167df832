"""Queries on testimonials."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from domain.consent_purpose import TESTIMONIAL_PUBLICATION
from domain.testimonial import TestimonialStatus
from edge.cursor import DEFAULT_LIMIT, CursorParameter, Limit, Page
from read_api.asking import READS, Asking
from read_api.condition import Condition, Where, any_of
from read_api.consent import may
from read_api.listing import Listing

COLUMNS = (
    "testimonial.id, course_id, text, rating, anonymous, testimonial.status, moderated_at,"
    " rejection_reason, submitted_at, testimonial.version"
)
IS_NAMED = f"(NOT anonymous AND {may(TESTIMONIAL_PUBLICATION, 'testimonial.learner_id')})"
AUTHOR = (
    f"CASE WHEN learner_id = %s OR {IS_NAMED} THEN learner_id END AS learner_id,"
    f" CASE WHEN learner_id = %s OR {IS_NAMED} THEN full_name END AS author_name"
)
"""SQL: who wishes to be anonymous, or has not consented to be named, is told to nobody else."""
FROM = (
    " FROM read_models.testimonial"
    " LEFT JOIN read_models.learner ON learner.id = testimonial.learner_id"
)
StatusFilter = Annotated[TestimonialStatus | None, QueryParameter(name="status")]


class Testimonial(msgspec.Struct, frozen=True, kw_only=True):
    """What a learner says about a course in public. Anonymous ones name no author, nor do
    those of people who have not consented to be named."""

    id: UUID
    course_id: UUID
    learner_id: UUID | None
    author_name: str | None
    text: str
    rating: int
    anonymous: bool
    status: str
    moderated_at: datetime | None
    rejection_reason: str | None
    submitted_at: datetime
    version: int


TESTIMONIALS = Listing(
    "testimonials",
    Testimonial,
    f"SELECT {COLUMNS}, {AUTHOR}{FROM}",
    order=("submitted_at", "testimonial.id"),
    key=lambda testimonial: (testimonial.submitted_at, testimonial.id),
)


@get(
    "/testimonials",
    operation_id="ListTestimonials",
    tags=["Testimonials"],
    opt={READS: ("testimonial", "learner", "course", "consent")},
)
async def list_testimonials(
    asking: NamedDependency[Asking],
    course_id: FromQuery[UUID | None] = None,
    status: StatusFilter = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: CursorParameter = None,
) -> Page[Testimonial]:
    """List testimonials, the newest first: the approved ones, and one's own or one's courses'."""
    others = asking.reach_for("SeeUnapprovedTestimonials")
    seen = [Condition("testimonial.status = 'approved'")]
    if others:
        seen.append(others.rows(learner="learner_id", course="course_id"))
    where = Where(any_of(seen))
    where.given("course_id = %s", course_id)
    where.given("testimonial.status = %s", status)
    return await TESTIMONIALS.page(asking.database, where, limit, cursor, select=(asking.me,) * 2)
