"""Queries on analytics: who may see what is decided here, the figures come from DuckDB."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromQuery, HeaderParameter, QueryParameter
from litestar.response import Stream

from access.permissions import Scope
from edge.openapi import PROBLEMS
from read_api.analytics_client import AnalyticsAnswer, AnalyticsClient
from read_api.asking import READS, Asking
from read_api.scope import OWN_COURSES, REPORTS

JSON = "application/json"
TRUNCATED = "Lms-Truncated"
MOST_COURSES = 1_000

Figures = dict[str, Any]
FIGURES = {200: ResponseSpec(Figures, description="The figures.", media_type=JSON)}
TABLE = {
    200: ResponseSpec(
        Figures,
        description=f"The rows, as JSON or CSV; `{TRUNCATED}: true` when there are more.",
        media_type=JSON,
    )
}

Of = Annotated[
    Literal["reports", "courses"] | None,
    QueryParameter(
        name="of",
        description=(
            "For those who are both managers and instructors: figures about their reports"
            " (without it) or about their courses."
        ),
    ),
]
Since = Annotated[
    date | None, QueryParameter(name="from", description="The first day: `2026-01-31`.")
]
Until = Annotated[date | None, QueryParameter(name="to", description="The last day.")]
Per = Annotated[
    Literal["enrollment", "course", "learner", "department"],
    QueryParameter(name="per", description="What a row is about."),
]
Period = Annotated[
    Literal["day", "week"], QueryParameter(name="per", description="What a row is about.")
]
After = Annotated[
    str | None,
    QueryParameter(
        name="cursor", max_length=200, description="`next_cursor` of the page before this one."
    ),
]
Limit = Annotated[int, QueryParameter(name="limit", ge=1, le=1_000)]
Sql = Annotated[
    str, QueryParameter(name="query", min_length=1, max_length=20_000, description="One SELECT.")
]
Rows = Annotated[int, QueryParameter(name="limit", ge=1, le=10_000)]
Format = Annotated[
    Literal["json", "csv"] | None,
    QueryParameter(name="format", description="Without it, what `Accept` asks for."),
]
Accept = Annotated[str, HeaderParameter(name="Accept", description=f"`{JSON}` or `text/csv`.")]


class _Id(msgspec.Struct, frozen=True):
    id: UUID


class AnalyticsController(Controller):
    path = "/analytics"
    tags = ["Analytics"]
    opt = {READS: ()}

    @get("/", operation_id="GetAnalytics", responses=FIGURES)
    async def dashboard(
        self,
        asking: NamedDependency[Asking],
        analytics: NamedDependency[AnalyticsClient],
        of: Of = None,
    ) -> Response[Any]:
        """Get the figures of the whole organisation; of one's reports or courses, those of each
        course."""
        restriction = await _restriction(asking, of)
        if not restriction:
            return await _whole(await analytics.ask("/analytics", {}))
        question = {**restriction, "per": "course", "limit": MOST_COURSES}
        answer = await analytics.ask("/analytics/progress", question)
        return Response(_summed(msgspec.json.decode(await answer.body())["items"]))

    @get("/progress", operation_id="GetProgressAnalytics", responses=FIGURES)
    async def progress(
        self,
        asking: NamedDependency[Asking],
        analytics: NamedDependency[AnalyticsClient],
        per: Per = "enrollment",
        course_id: FromQuery[UUID | None] = None,
        learner_id: FromQuery[UUID | None] = None,
        department: FromQuery[str | None] = None,
        since: Since = None,
        until: Until = None,
        of: Of = None,
        limit: Limit = 100,
        cursor: After = None,
    ) -> Response[Any]:
        """Get how far people are, for each enrolment, course, learner or department."""
        question = {
            **await _restriction(asking, of),
            "per": per,
            "course_id": course_id,
            "learner_id": learner_id,
            "department": department,
            "from": since,
            "to": until,
            "limit": limit,
            "cursor": cursor or "",
        }
        return await _whole(await analytics.ask("/analytics/progress", question))

    @get("/engagement", operation_id="GetEngagementAnalytics", responses=FIGURES)
    async def engagement(
        self,
        asking: NamedDependency[Asking],
        analytics: NamedDependency[AnalyticsClient],
        per: Period = "day",
        since: Since = None,
        until: Until = None,
        of: Of = None,
    ) -> Response[Any]:
        """Get how much is learnt, for each day or week; the last thirty days without dates."""
        question = {**await _restriction(asking, of), "per": per, "from": since, "to": until}
        return await _whole(await analytics.ask("/analytics/engagement", question))

    @get("/sql", operation_id="QueryAnalytics", opt={PROBLEMS: (422,)}, responses=TABLE)
    async def sql(
        self,
        select: Sql,
        asking: NamedDependency[Asking],
        analytics: NamedDependency[AnalyticsClient],
        format: Format = None,
        limit: Rows = 10_000,
        accept: Accept = JSON,
    ) -> Stream:
        """Ask DuckDB: one SELECT, reading only, within limits of time and memory."""
        question = {"query": select, "by": asking.me, "format": format, "limit": limit}
        answer = await analytics.ask("/analytics/sql", question, accept=accept)
        return Stream(
            answer.chunks(),
            media_type=answer.media_type,
            headers={TRUNCATED: answer.headers.get(TRUNCATED, "false"), "Vary": "Accept"},
        )


async def _restriction(asking: Asking, of: str | None) -> dict[str, list[UUID]]:
    """Whom or what the figures may be about; empty for who may see all."""
    scopes = asking.reach.scopes
    if asking.reach.is_unlimited:
        return {}
    if Scope.REPORTS in scopes and not (of == "courses" and Scope.OWN_COURSES in scopes):
        return {"learner_ids": await _ids(asking, REPORTS)}
    return {"course_ids": await _ids(asking, OWN_COURSES)}


async def _ids(asking: Asking, sql: str) -> list[UUID]:
    return [row.id for row in await asking.database.all(_Id, sql, (asking.me,))]


async def _whole(answer: AnalyticsAnswer) -> Response[Any]:
    return Response(await answer.body(), media_type=answer.media_type)


def _summed(courses: list[Figures]) -> Figures:
    """What restricted callers see in place of the organisation's figures."""
    enrollments = sum(course["enrollments"] for course in courses)
    completed = sum(course["completed"] for course in courses)
    return {
        "enrollments": enrollments,
        "completed": completed,
        "completion_rate": completed / enrollments if enrollments else None,
        "by_course": courses,
    }
