"""Queries on retention: policies, legal holds, and what is due to expire."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from edge.cursor import DEFAULT_LIMIT, CursorParameter, Keyset, Limit, Page
from read_api.asking import READS, Asking
from read_api.condition import Condition, Where
from read_api.listing import Listing
from read_api.retention_due import due_query

RECORDS = (
    "retention",
    "enrollment",
    "attempt",
    "certificate",
    "feedback",
    "testimonial",
    "survey",
    "learner",
    "erasure",
)


class RetentionPolicy(msgspec.Struct, frozen=True):
    """`course_id` null: for all courses that have no policy of their own."""

    kind: str
    course_id: UUID | None
    days: int
    basis: str
    set_at: datetime


class Policies(msgspec.Struct, frozen=True):
    items: Sequence[RetentionPolicy]
    next_cursor: None = None


class LegalHold(msgspec.Struct, frozen=True):
    """`kind` is learner or course, `subject_id` which one."""

    id: UUID
    kind: str
    subject_id: UUID
    reason: str
    placed_at: datetime
    released_at: datetime | None
    release_reason: str | None


class DueRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A record that expires at `expires_at`, unless it is `held`."""

    kind: str
    id: UUID
    learner_id: UUID
    course_id: UUID | None
    ended_at: datetime
    expires_at: datetime
    days: int
    basis: str
    held: bool


HOLDS = Listing(
    "legal holds",
    LegalHold,
    "SELECT id, kind, subject_id, reason, placed_at, released_at, release_reason"
    " FROM read_models.legal_hold",
    order=("placed_at", "id"),
    key=lambda hold: (hold.placed_at, hold.id),
)
DUE_RECORDS = Keyset("due records", tuple[datetime, UUID])


class RetentionController(Controller):
    path = "/"
    tags = ["Retention"]

    @get("/retention/policies", operation_id="ListRetention", opt={READS: ("retention",)})
    async def policies(self, asking: NamedDependency[Asking]) -> Policies:
        """List how long what is kept."""
        return Policies(
            await asking.database.all(
                RetentionPolicy,
                "SELECT kind, course_id, days, basis, set_at FROM read_models.retention_policy"
                " ORDER BY kind, course_id NULLS FIRST",
                (),
            )
        )

    @get("/retention/due", operation_id="ListDue", opt={READS: RECORDS})
    async def due(
        self,
        asking: NamedDependency[Asking],
        until: Annotated[
            datetime | None, QueryParameter(description="Now, when it is left out.")
        ] = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
    ) -> Page[DueRecord]:
        """List what expires until an instant, the latest first."""
        instant = until or datetime.now(UTC)
        if instant.tzinfo is None:
            instant = instant.replace(tzinfo=UTC)
        sql, params = due_query(instant, limit + 1, after=DUE_RECORDS.decode(cursor))
        rows = await asking.database.all(DueRecord, sql, params)
        return DUE_RECORDS.page(
            rows, limit, lambda record: (record.expires_at, record.id), lambda record: record
        )

    @get("/holds", operation_id="ListHolds", opt={READS: ("retention",)})
    async def holds(
        self,
        asking: NamedDependency[Asking],
        released: Annotated[
            bool | None, QueryParameter(description="Only those that are, or aren't, released.")
        ] = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
    ) -> Page[LegalHold]:
        """List legal holds, the newest first."""
        where = Where()
        if released is not None:
            where.also(Condition(f"released_at IS {'NOT ' if released else ''}NULL"))
        return await HOLDS.page(asking.database, where, limit, cursor)
