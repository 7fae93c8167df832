"""Queries on the log itself, for auditors."""

import asyncio
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from edge.cursor import DEFAULT_LIMIT, CursorParameter, Keyset, Limit, Page
from event_store.record import Record
from read_api.asking import READS, Asking
from read_api.condition import Condition, Where
from read_api.history import IS_SETTLED, SELECT, AuditEntry, Historian, names_of


class Order(StrEnum):
    NEWEST = "newest"
    OLDEST = "oldest"


Actor = Annotated[
    UUID | None, QueryParameter(name="actor", description="Who did it, or on whose behalf.")
]
Stream = Annotated[
    UUID | None,
    QueryParameter(name="stream_id", description="The subject: the id of a course, a learner, …"),
]
StreamType = Annotated[
    str | None,
    QueryParameter(name="stream_type", max_length=100, description="`course`, `learner`, …"),
]
Type = Annotated[
    str | None,
    QueryParameter(
        name="type",
        max_length=200,
        description="`course.published`, or one version of it: `course.published.v1`.",
    ),
]
Since = Annotated[
    datetime | None,
    QueryParameter(name="from", description="Recorded at this instant (RFC 3339) or later."),
]
Until = Annotated[
    datetime | None, QueryParameter(name="to", description="Recorded before this instant.")
]
First = Annotated[Order, QueryParameter(name="order", description="Which come first.")]

KEYSETS = {order: Keyset(f"events, {order} first", tuple[int]) for order in Order}


class AuditController(Controller):
    path = "/audit"
    tags = ["Audit"]
    opt = {READS: ("learner", "service_account")}

    @get("/events", operation_id="ListAuditEvents")
    async def events(
        self,
        asking: NamedDependency[Asking],
        historian: NamedDependency[Historian],
        actor: Actor = None,
        stream_id: Stream = None,
        stream_type: StreamType = None,
        type: Type = None,
        correlation_id: FromQuery[UUID | None] = None,
        since: Since = None,
        until: Until = None,
        order: First = Order.NEWEST,
        limit: Limit = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
    ) -> Page[AuditEntry]:
        """List events of the whole log: who did what, when, by which command, why."""
        where = Where(Condition(IS_SETTLED))
        where.given("stream_id = %s", stream_id)
        where.given("stream_type = %s", stream_type)
        where.given("metadata->>'correlation_id' = %s", _text(correlation_id))
        where.given("recorded_at >= %s", since)
        where.given("recorded_at < %s", until)
        where.also(_by(actor)).also(_of_type(type))
        return await _events(asking, historian, where, order, limit, cursor)


async def _events(
    asking: Asking,
    historian: Historian,
    where: Where,
    order: Order,
    limit: int,
    cursor: str | None,
) -> Page[AuditEntry]:
    comparison, direction = ("<", "DESC") if order is Order.NEWEST else (">", "ASC")
    if (after := KEYSETS[order].decode(cursor)) is not None:
        where.also(Condition(f"position {comparison} %s", after))
    records = await asking.database.all(
        Record,
        f"{SELECT}{where} ORDER BY position {direction} LIMIT %s",
        (*where.params, limit + 1),
    )
    page = KEYSETS[order].page(records, limit, lambda row: (row.position,), lambda row: row)
    return await _described(asking, historian, page)


async def _described(asking: Asking, historian: Historian, page: Page[Record]) -> Page[AuditEntry]:
    names = await names_of(asking.database, page.items)
    entries = await asyncio.to_thread(historian.describe, page.items, names)
    return Page(items=entries, next_cursor=page.next_cursor)


def _by(actor: UUID | None) -> Condition:
    if actor is None:
        return Condition("true")
    either = "(metadata->>'actor' = %s OR metadata->>'on_behalf_of' = %s)"
    return Condition(either, (str(actor), str(actor)))


def _of_type(name: str | None) -> Condition:
    if name is None:
        return Condition("true")
    return Condition("(type = %s OR starts_with(type, %s))", (name, f"{name}.v"))


def _text(id: UUID | None) -> str | None:
    return None if id is None else str(id)
