"""One life, for auditors: every change of a stream, its state at any moment, and what differs
between two."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import FromPath, QueryParameter

from access.actor import Actor as Reader
from edge.cursor import DEFAULT_LIMIT, CursorParameter, Keyset, Limit, Page
from edge.faults import invalid
from edge.problem import FieldError, ProblemError
from edge.request import EdgeRequest
from event_store.record import Record
from read_api.asking import READS, Asking
from read_api.audit_reads import RECORDED, delivered
from read_api.database import Database
from read_api.history import Historian
from read_api.lives.archive import Archive
from read_api.lives.differences import Differences, differences, in_order
from read_api.lives.entries import LifeEvent, Teller, plain
from read_api.lives.happenings import Happening, follow
from read_api.lives.life import Life
from read_api.lives.moments import (
    Asked,
    By,
    instant,
    instant_or_position,
    last_moment,
    moment_of,
    required_moment_of,
)
from read_api.lives.names import READ, ids_in, names_of

VERSIONS = Keyset("versions of a life", tuple[int])

LARGEST = 2**63 - 1
INSTANT = Example(summary="An instant", value="2026-03-31T23:59:59Z")
POSITION = Example(summary="A position of the log", value="51380224")

AsOf = Annotated[
    str | None,
    QueryParameter(
        name="as_of",
        max_length=40,
        examples=[INSTANT],
        description="An instant (RFC 3339) that has passed: what was recorded until then.",
    ),
]
AtPosition = Annotated[
    int | None,
    QueryParameter(
        name="position", ge=1, le=LARGEST, description="What the log says up to this position."
    ),
]
AtVersion = Annotated[
    int | None,
    QueryParameter(name="version", ge=1, le=LARGEST, description="The state at this version."),
]
From = Annotated[
    str | None,
    QueryParameter(
        name="from",
        max_length=40,
        examples=[INSTANT, POSITION],
        description="An instant or a position; without it, before the stream began.",
    ),
]
To = Annotated[
    str | None,
    QueryParameter(
        name="to",
        max_length=40,
        examples=[INSTANT, POSITION],
        description="An instant or a position; without it, now.",
    ),
]


class StreamState(msgspec.Struct, frozen=True, kw_only=True):
    """A stream as it was at a version, which was its last at the moment that was asked for.

    `state` is what its aggregate knew then and what its events had said besides, personal data in
    the clear; of erased people it says so. `names` are those of the ids in it, as they are now.
    `unreadable` are versions that this program can't read: the state is without them.
    """

    stream_id: UUID
    stream_type: str
    version: int
    position: int
    recorded_at: datetime
    latest_version: int
    state: Mapping[str, Any]
    names: Mapping[UUID, str]
    unreadable: Sequence[int]


class LifelineController(Controller):
    path = "/audit/streams/{stream_id:uuid}"
    tags = ["Audit"]
    middleware = RECORDED
    opt = {READS: READ}

    @get(operation_id="GetAuditStream")
    async def stream(
        self,
        request: EdgeRequest[Reader, Any],
        stream_id: FromPath[UUID],
        asking: NamedDependency[Asking],
        archive: NamedDependency[Archive],
        historian: NamedDependency[Historian],
        limit: Limit = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
    ) -> Page[LifeEvent]:
        """Get the life of one stream from its beginning: every change in words, with who, when,
        on whose behalf and why, and the event itself."""
        after = VERSIONS.decode(cursor)
        teller = Teller(historian, asking.database)
        page = await life_page(
            asking.database, archive, teller, stream_id, after[0] if after else 0, limit
        )
        delivered(request, [event.position for event in page.items])
        return page

    @get("/state", operation_id="GetAuditStreamState")
    async def state(
        self,
        stream_id: FromPath[UUID],
        asking: NamedDependency[Asking],
        archive: NamedDependency[Archive],
        as_of: AsOf = None,
        position: AtPosition = None,
        version: AtVersion = None,
    ) -> StreamState:
        """Get the state of one stream as of a past instant, position or version, or as it is now.

        It is what was recorded by then, so what happened before but was recorded later isn't in it.
        """
        return await state_of(asking.database, archive, stream_id, _one(as_of, position, version))

    @get("/differences", operation_id="ListAuditStreamDifferences")
    async def differences(
        self,
        stream_id: FromPath[UUID],
        asking: NamedDependency[Asking],
        archive: NamedDependency[Archive],
        historian: NamedDependency[Historian],
        since: From = None,
        until: To = None,
    ) -> Differences:
        """List what differs in one stream between two moments, and which events made it so."""
        database = asking.database
        start = instant_or_position(since, "from") if since is not None else None
        end = instant_or_position(until, "to") if until is not None else None
        _must_be_in_order(start, end)
        last = await last_moment(database, stream_id)
        between = in_order(
            await moment_of(database, stream_id, start) if start else None,
            await required_moment_of(database, stream_id, end) if end else last,
        )
        teller = Teller(historian, database)
        return await differences(database, archive, teller, stream_id, between)


async def life_page(
    database: Database, archive: Archive, teller: Teller, stream_id: UUID, after: int, limit: int
) -> Page[LifeEvent]:
    """The events of a stream after a version. Raises NotFound when there is no such stream."""
    if after == 0:
        await last_moment(database, stream_id)
    life = await archive.life(database, stream_id, after)
    records = await archive.records(database, life, limit + 1)
    page = VERSIONS.page(records, limit, lambda row: (row.version,), lambda row: row)
    happenings = await asyncio.to_thread(_followed, life, page.items)
    return Page(items=await teller.tell(happenings), next_cursor=page.next_cursor)


async def state_of(
    database: Database, archive: Archive, stream_id: UUID, asked: Asked | None
) -> StreamState:
    """The state at a moment; now when none is asked for. Raises NotFound, ProblemError (422)."""
    last = await last_moment(database, stream_id)
    moment = await required_moment_of(database, stream_id, asked) if asked else last
    life = await archive.life(database, stream_id, moment.version)
    state = life.state
    names = await names_of(database, ids_in(state))
    return StreamState(
        stream_id=stream_id,
        stream_type=moment.stream_type,
        version=moment.version,
        position=moment.position,
        recorded_at=moment.recorded_at,
        latest_version=last.version,
        state={name: plain(value) for name, value in state.items()},
        names={name.id: name.text for name in names.values()},
        unreadable=life.unreadable,
    )


def _followed(life: Life, records: Sequence[Record]) -> list[Happening]:
    return list(follow(life, records))


def _one(as_of: str | None, position: int | None, version: int | None) -> Asked | None:
    """The one moment that is asked for. Raises ProblemError (422) for two."""
    asked = [
        instant(as_of, "as_of") if as_of is not None else None,
        Asked(By.POSITION, position, "position") if position is not None else None,
        Asked(By.VERSION, version, "version") if version is not None else None,
    ]
    given = [each for each in asked if each is not None]
    if len(given) > 1:
        error = FieldError(given[1].parameter, f"It is either this or {given[0].parameter}.")
        raise ProblemError(invalid(error))
    return given[0] if given else None


def _must_be_in_order(start: Asked | None, end: Asked | None) -> None:
    if start is None or end is None:
        return
    one, other = start.value, end.value
    both = isinstance(one, datetime) and isinstance(other, datetime) and one > other
    if both or (isinstance(one, int) and isinstance(other, int) and one > other):
        raise ProblemError(invalid(FieldError("from", "It comes after `to`.")))
