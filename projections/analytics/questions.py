"""What the read API asks of the analytics process: the bodies of its requests."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from projections.analytics.reports import Grouping, ProgressFilter, Scope

Limit = Annotated[int, msgspec.Meta(ge=1, le=1_000)]


class Restricted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Only these people, only these courses: None for all, an empty list for none."""

    learner_ids: list[UUID] | None = None
    course_ids: list[UUID] | None = None

    def scope(self) -> Scope:
        return Scope(self.learner_ids, self.course_ids)


class AskProgress(Restricted, frozen=True, kw_only=True, rename={"from_": "from"}):
    """`cursor` is the `next_cursor` of the answer before."""

    per: Grouping = "enrollment"
    course_id: UUID | None = None
    learner_id: UUID | None = None
    department: str | None = None
    from_: date | None = None
    to: date | None = None
    cursor: str = ""
    limit: Limit = 100

    def where(self) -> ProgressFilter:
        return ProgressFilter(self.course_id, self.learner_id, self.department, self.from_, self.to)


class AskEngagement(Restricted, frozen=True, kw_only=True, rename={"from_": "from"}):
    """`to` is today when it isn't given, `from_` thirty days before `to`."""

    per: Literal["day", "week"] = "day"
    from_: date | None = None
    to: date | None = None


class AskSql(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One SELECT; `by` is the person who asks."""

    query: str
    by: UUID | None = None
    format: Literal["json", "csv"] | None = None
    timeout_seconds: Annotated[float, msgspec.Meta(gt=0, le=30)] = 10
    limit: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 10_000
