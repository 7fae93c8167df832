"""Queries on the log itself, for auditors."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from access.actor import Actor as Reader
from edge.cursor import DEFAULT_LIMIT, Limit
from edge.faults import invalid
from edge.problem import FieldError, ProblemError
from edge.request import EdgeRequest
from event_store.addresses import canonical_address
from event_store.bearing import Bearing
from event_store.record import Record
from read_api.asking import READS, Asking
from read_api.audit_page import AuditEventPage, CursorParameter, Order, Place
from read_api.audit_reads import RECORDED, delivered
from read_api.audit_search import Bears, Question, end_of_index, find
from read_api.audit_time import positions_between
from read_api.database import Database
from read_api.history import SELECT, AuditEntry, Historian, names_of

Actor = Annotated[
    UUID | None, QueryParameter(name="actor", description="Who did it, or on whose behalf.")
]
Subject = Annotated[
    list[UUID] | None,
    QueryParameter(
        name="subject",
        max_items=5,
        description=(
            "A person, a course, an enrolment, …: events of its stream, and those of others that"
            " are about it. Several: events that are about all of them."
        ),
    ),
]
Stream = Annotated[
    UUID | None,
    QueryParameter(name="stream_id", description="The stream itself, and nothing else."),
]
Kinds = Annotated[
    list[str] | None,
    QueryParameter(
        name="stream_type", max_items=50, description="`course`, `learner`, …; one of several."
    ),
]
Types = Annotated[
    list[str] | None,
    QueryParameter(
        name="type",
        max_items=50,
        description=(
            "`course.published`, or one version of it: `course.published.v1`; one of several."
        ),
    ),
]
Correlation = Annotated[
    UUID | None,
    QueryParameter(name="correlation_id", description="All that came of one request."),
]
Address = Annotated[
    str | None,
    QueryParameter(
        name="source_address",
        max_length=100,
        description="The network address that it came from, of people who aren't erased.",
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

FILTERS = frozenset(
    {
        "actor",
        "correlation_id",
        "cursor",
        "from",
        "limit",
        "order",
        "source_address",
        "stream_id",
        "stream_type",
        "subject",
        "to",
        "type",
    }
)


class AuditController(Controller):
    path = "/audit"
    tags = ["Audit"]
    middleware = RECORDED
    opt = {READS: ("audit", "learner", "service_account")}

    @get("/events", operation_id="ListAuditEvents")
    async def events(
        self,
        request: EdgeRequest[Reader, Any],
        asking: NamedDependency[Asking],
        historian: NamedDependency[Historian],
        *,
        actor: Actor = None,
        subject: Subject = None,
        stream_id: Stream = None,
        stream_type: Kinds = None,
        type: Types = None,
        correlation_id: Correlation = None,
        source_address: Address = None,
        since: Since = None,
        until: Until = None,
        order: First = Order.NEWEST,
        limit: Limit = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
    ) -> AuditEventPage:
        """Search the whole log: who did what, to whom, when, from where, by which command, why.

        That it was read, by whom and how limited, is itself recorded before this answers.
        """
        refuse_others(request.query_params.keys())
        sought = Sought(
            actor=actor,
            subjects=tuple(subject or ()),
            stream_id=stream_id,
            stream_types=None if stream_type is None else tuple(stream_type),
            types=None if type is None else tuple(type),
            correlation_id=correlation_id,
            source_address=source_address,
            since=_aware(since),
            until=_aware(until),
        )
        question, exact = await question_of(asking.database, historian, sought)
        page = await page_of(asking.database, historian, question, exact, order, limit, cursor)
        delivered(request, [entry.position for entry in page.items])
        return page


class Sought(msgspec.Struct, frozen=True, kw_only=True):
    """The filters of a search, all of which must hold; `since` and `until` are aware."""

    actor: UUID | None = None
    subjects: tuple[UUID, ...] = ()
    stream_id: UUID | None = None
    stream_types: tuple[str, ...] | None = None
    types: tuple[str, ...] | None = None
    correlation_id: UUID | None = None
    source_address: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class Exactly(msgspec.Struct, frozen=True):
    """What the index can't tell for sure: events near the ends of a time range may stand in another
    order than their times, and people may have been erased since an address was indexed."""

    since: datetime | None
    until: datetime | None
    address: str | None

    def holds(self, entry: AuditEntry) -> bool:
        if self.since is not None and entry.recorded_at < self.since:
            return False
        if self.until is not None and entry.recorded_at >= self.until:
            return False
        if self.address is None:
            return True
        found = entry.client.address if entry.client else None
        return found is not None and canonical_address(found) == self.address


def refuse_others(names: Sequence[str] | Any) -> None:
    """A filter that is misspelt must not show as events that it was thought to exclude.

    Raises ProblemError (422).
    """
    unknown = sorted({*names} - FILTERS)
    if unknown:
        raise ProblemError(
            invalid(*(FieldError(name, "There is no such filter.") for name in unknown))
        )


async def described(
    database: Database, historian: Historian, records: Sequence[Record]
) -> Sequence[AuditEntry]:
    """The rows with the names of those who acted."""
    names = await names_of(database, records)
    return await asyncio.to_thread(historian.describe, records, names)


async def question_of(
    database: Database, historian: Historian, sought: Sought
) -> tuple[Question, Exactly]:
    """What is asked of the index, and what of each event that it finds.

    Raises ProblemError (422) for an address that is none.
    """
    above, below = await positions_between(database, sought.since, sought.until)
    question = Question(
        bears=tuple(_bears(historian, sought)),
        types=sought.types,
        kinds=sought.stream_types,
        above=above,
        below=below,
    )
    address = sought.source_address and canonical_address(sought.source_address)
    return question, Exactly(sought.since, sought.until, address)


async def page_of(
    database: Database,
    historian: Historian,
    question: Question,
    exact: Exactly,
    order: Order = Order.NEWEST,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> AuditEventPage:
    """One page of the events that are asked for."""
    place = Place.of(cursor, order, await end_of_index(database))
    stretch = await find(
        database, place.within(question), descending=place.descending, limit=limit + 1
    )
    shown = place.shown(stretch, limit)
    rows = await database.all(Record, f"{SELECT} WHERE position = ANY(%s)", ([*shown],))
    by_position = {row.position: row for row in rows}
    records = [by_position[position] for position in shown if position in by_position]
    entries = await described(database, historian, records)
    following, previous = place.cursors(stretch, limit)
    return AuditEventPage([entry for entry in entries if exact.holds(entry)], following, previous)


def _bears(historian: Historian, sought: Sought) -> list[Bears]:
    about = (Bearing.STREAM, Bearing.ABOUT)
    found = [Bears(id, about) for id in dict.fromkeys(sought.subjects)]
    if sought.actor is not None:
        found.append(Bears(sought.actor, (Bearing.ACTOR, Bearing.BEHALF)))
    if sought.stream_id is not None:
        found.append(Bears(sought.stream_id, (Bearing.STREAM,)))
    if sought.correlation_id is not None:
        found.append(Bears(sought.correlation_id, (Bearing.CORRELATION,)))
    if (address := sought.source_address) is not None:
        if canonical_address(address) is None:
            raise ProblemError(invalid(FieldError("source_address", "It isn't a network address.")))
        found.append(Bears(historian.address_hash(address), (Bearing.ADDRESS,)))
    return found


def _aware(instant: datetime | None) -> datetime | None:
    """Instants without an offset are in UTC, as all of ours are."""
    return instant.replace(tzinfo=UTC) if instant and instant.tzinfo is None else instant
