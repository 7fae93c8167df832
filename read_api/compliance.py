"""Queries on compliance: who had to have done what at a moment, and had they."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Response, get
from litestar.di import NamedDependency, Provide
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromQuery, QueryParameter
from msgspec.structs import replace

from edge.cursor import DEFAULT_LIMIT, CursorParameter, Keyset, Limit
from edge.faults import invalid
from edge.position import PositionWaiter
from edge.problem import FieldError, ProblemError
from read_api.analytics import JSON, Accept, Format
from read_api.as_of import AsOf, AsOfReader, Moment, Position
from read_api.asking import READS, Asking
from read_api.compliance_differences import (
    Between,
    Change,
    Difference,
    Differences,
    find,
    rows_after,
)
from read_api.compliance_obligations import (
    Key,
    Obligation,
    Obligations,
    Sought,
    obligations_after,
)
from read_api.compliance_rows import Asked, People, Status, weighed
from read_api.compliance_summary import Per, Summary, SummaryRow, summary
from read_api.csv_download import csv_of, csv_of_pages, wants_csv

VARY = {"Vary": "Accept"}
CURSOR = Keyset("obligations", tuple[datetime, int | None, datetime | None, UUID])
CHANGES = Keyset("differences", tuple[datetime, UUID])

Department = Annotated[
    UUID | None,
    QueryParameter(
        name="department_id",
        description="People who were in this department, or in one that was below it then.",
    ),
]
Manager = Annotated[
    UUID | None,
    QueryParameter(
        name="manager_id",
        description="People who reported to this person then, directly or indirectly.",
    ),
]
Compliant = Annotated[
    bool | None,
    QueryParameter(
        name="compliant",
        description="`false`: what was overdue, expired or revoked; `true`: done or not due yet.",
    ),
]
Who = Annotated[
    People,
    QueryParameter(name="people", description="Whose accounts were active then, or not any more."),
]
Since = Annotated[
    datetime, QueryParameter(name="from", description="The instant that is compared (RFC 3339).")
]
Until = Annotated[
    datetime | None,
    QueryParameter(name="to", description="The instant it is compared with; without it, now."),
]


def _answers(shape: type[msgspec.Struct], what: str) -> dict[int, ResponseSpec]:
    """What is documented of an answer that is CSV when that is asked for."""
    as_csv = f"{what}; with `format=csv` or `Accept: text/csv` a file of all, without pages."
    return {200: ResponseSpec(shape, description=as_csv, media_type=JSON)}


def provide_group(
    department_id: Department = None,
    manager_id: Manager = None,
    course_id: FromQuery[UUID | None] = None,
) -> Asked:
    """The filters that say of no single person how they stand."""
    return Asked(department_id=department_id, manager_id=manager_id, course_id=course_id)


def provide_asked(
    group: NamedDependency[Asked], learner_id: FromQuery[UUID | None] = None
) -> Asked:
    """The filters that all lists have."""
    return replace(group, learner_id=learner_id)


async def provide_record(
    asking: NamedDependency[Asking], waiter: NamedDependency[PositionWaiter]
) -> AsOfReader:
    return AsOfReader("compliance", asking.database, waiter)


def provide_sought(status: FromQuery[Status | None] = None, compliant: Compliant = None) -> Sought:
    """The filters that a list of obligations has besides."""
    return Sought(status=status, compliant=compliant)


class ComplianceController(Controller):
    path = "/compliance"
    tags = ["Compliance"]
    opt = {READS: ("compliance", "learner")}
    dependencies = {
        "asked": Provide(provide_asked, sync_to_thread=False),
        "group": Provide(provide_group, sync_to_thread=False),
        "record": Provide(provide_record),
        "sought": Provide(provide_sought, sync_to_thread=False),
    }

    @get("/", operation_id="ListCompliance", responses=_answers(Obligations, "A page"))
    async def many(
        self,
        asking: NamedDependency[Asking],
        record: NamedDependency[AsOfReader],
        asked: NamedDependency[Asked],
        sought: NamedDependency[Sought],
        as_of: AsOf = None,
        position: Position = None,
        people: Who = People.ACTIVE,
        limit: Limit = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
        format: Format = None,
        accept: Accept = JSON,
    ) -> Response[Any]:
        """List who had to have done what at a moment and had they, by due dates."""
        at, behind = _place(CURSOR.decode(cursor), as_of, position)
        moment = at or await record.moment(as_of, position)
        question = await weighed(asking, replace(asked, people=people), moment)

        async def rows(after: Key | None, most: int) -> Sequence[Obligation]:
            return await obligations_after(asking, question, sought, moment, after, most)

        if wants_csv(format, accept):
            return await csv_of_pages(Obligation, rows, _key, name=_named("compliance", moment))
        return _page(moment, await rows(behind, limit + 1), limit)

    @get("/summary", operation_id="GetComplianceSummary", responses=_answers(Summary, "Counts"))
    async def summary(
        self,
        asking: NamedDependency[Asking],
        record: NamedDependency[AsOfReader],
        group: NamedDependency[Asked],
        as_of: AsOf = None,
        position: Position = None,
        people: Who = People.ACTIVE,
        per: FromQuery[Per] = Per.DEPARTMENT_AND_COURSE,
        format: Format = None,
        accept: Accept = JSON,
    ) -> Response[Any]:
        """Count how obligations stood at a moment, for each department and course."""
        moment = await record.moment(as_of, position)
        question = await weighed(asking, replace(group, people=people), moment)
        found = await summary(asking, question, moment, per)
        if wants_csv(format, accept):
            return csv_of(SummaryRow, found.items, name=_named("compliance-summary", moment))
        return Response(found, headers=VARY)

    @get(
        "/differences",
        operation_id="ListComplianceDifferences",
        responses=_answers(Differences, "A page"),
    )
    async def differences(
        self,
        asking: NamedDependency[Asking],
        record: NamedDependency[AsOfReader],
        asked: NamedDependency[Asked],
        since: Since,
        until: Until = None,
        change: FromQuery[Change | None] = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
        format: Format = None,
        accept: Accept = JSON,
    ) -> Response[Any]:
        """List who became compliant or non-compliant between two instants, and by what."""
        after = CHANGES.decode(cursor)
        first = await record.moment(since, None, field="from")
        second = Moment(after[0]) if after else await record.moment(until, None, field="to")
        if first.at >= second.at or (until and second.at != until):
            raise _refused("to", "It must come after `from`, and be the same on all pages.")
        between = Between(first, second, change)
        question = await weighed(asking, replace(asked, people=People.ALL), second)

        async def rows(after: UUID | None, most: int) -> Sequence[Difference]:
            return await rows_after(asking, question, between, after, most)

        if wants_csv(format, accept):
            name = _named("compliance-differences", second)
            return await csv_of_pages(Difference, rows, lambda row: row.id, name=name)
        found = await find(asking, question, between, after[1] if after else None, limit)
        further = None if found.reached is None else CHANGES.encode((second.at, found.reached))
        changes = Differences(from_=first.at, to=second.at, items=found.rows, next_cursor=further)
        return Response(changes, headers=VARY)


def _key(row: Obligation) -> Key:
    return row.due_at, row.id


def _place(
    cursor: tuple[datetime, int | None, datetime | None, UUID] | None,
    as_of: datetime | None,
    position: int | None,
) -> tuple[Moment | None, Key | None]:
    """The moment of the first page and where this one begins; None and None for the first."""
    if cursor is None:
        return None, None
    at, of_position, due_at, id = cursor
    if (as_of is not None and as_of != at) or (position is not None and position != of_position):
        raise _refused("cursor", "It is of another moment: all pages have one.")
    return Moment(at, of_position), (due_at, id)


def _page(moment: Moment, rows: Sequence[Obligation], limit: int) -> Response[Any]:
    page = CURSOR.page(
        rows, limit, lambda row: (moment.at, moment.position, *_key(row)), lambda row: row
    )
    found = Obligations(
        as_of=moment.at, position=moment.position, items=page.items, next_cursor=page.next_cursor
    )
    return Response(found, headers=VARY)


def _named(what: str, moment: Moment) -> str:
    return f"{what}-{moment.at:%Y-%m-%dT%H%M%SZ}"


def _refused(field: str, detail: str) -> ProblemError:
    return ProblemError(invalid(FieldError(field, detail)))
