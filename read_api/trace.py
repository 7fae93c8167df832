"""From a certificate, a grade or any other event back to everything that led to it."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import FromPath, PathParameter, QueryParameter

from access.actor import Actor as Reader
from edge.faults import invalid
from edge.problem import FieldError, ProblemError
from edge.request import EdgeRequest
from read_api.asking import READS, Asking
from read_api.audit_reads import RECORDED, delivered
from read_api.history import Historian
from read_api.lives.archive import Archive
from read_api.lives.entries import Teller
from read_api.lives.names import READ
from read_api.lives.trace import MOST_TRACED, Trace, positions_in, trace_of, trace_of_version

USUAL = 200

TraceId = Annotated[
    str,
    PathParameter(
        name="id",
        max_length=64,
        examples=[
            Example(summary="A position", value="51380224"),
            Example(
                summary="A stream, such as a certificate, or a correlation",
                value="6f1d3c5e-2b1a-5c8e-9d57-0b7a1f4e8c21",
            ),
        ],
        description="The position of an event, the id of a stream (a certificate, an attempt, …:"
        " its last event that counts), or a correlation id (all that one request led to).",
    ),
]
Version = Annotated[
    str,
    PathParameter(
        name="version",
        max_length=20,
        examples=[Example(summary="The first", value="1")],
        description="The event's version in its stream, from 1 up.",
    ),
]
MostTraced = Annotated[
    int,
    QueryParameter(
        name="limit", ge=1, le=MOST_TRACED, description="The most events that the tree has."
    ),
]


class TraceController(Controller):
    path = "/audit/trace"
    tags = ["Audit"]
    middleware = RECORDED
    opt = {READS: ("audit", *READ)}

    @get("/{id:str}", operation_id="GetAuditTrace")
    async def trace(
        self,
        request: EdgeRequest[Reader, Any],
        id: TraceId,
        asking: NamedDependency[Asking],
        archive: NamedDependency[Archive],
        historian: NamedDependency[Historian],
        limit: MostTraced = USUAL,
    ) -> Trace:
        """Get what led to an event as a tree: the answers, grades, decisions and people it rests
        on. Of a correlation id: what one request led to."""
        teller = Teller(historian, asking.database)
        trace = await trace_of(asking.database, archive, teller, read_id(id), limit)
        delivered(request, positions_in(trace.roots))
        return trace

    @get("/{stream_id:uuid}/{version:str}", operation_id="GetAuditTraceOfEvent")
    async def trace_of_event(
        self,
        request: EdgeRequest[Reader, Any],
        stream_id: FromPath[UUID],
        version: Version,
        asking: NamedDependency[Asking],
        archive: NamedDependency[Archive],
        historian: NamedDependency[Historian],
        limit: MostTraced = USUAL,
    ) -> Trace:
        """Get what led to one event of a stream, as a tree."""
        teller = Teller(historian, asking.database)
        number = read_version(version)
        database = asking.database
        trace = await trace_of_version(database, archive, teller, stream_id, number, limit)
        delivered(request, positions_in(trace.roots))
        return trace


def read_id(text: str) -> int | UUID:
    """Digits are a position, all else must be an id. Raises ProblemError (422)."""
    if (position := _number(text)) is not None:
        return position
    try:
        return UUID(text)
    except ValueError:
        detail = "It must be the position of an event, or the id of a stream or a correlation."
        raise ProblemError(invalid(FieldError("id", detail))) from None


def read_version(text: str) -> int:
    """A version. Raises ProblemError (422) for what is none."""
    version = _number(text)
    if not version:
        raise ProblemError(invalid(FieldError("version", "It must be a number from 1 up.")))
    return version


def _number(text: str) -> int | None:
    is_number = text.isascii() and text.isdigit() and int(text) < 2**63
    return int(text) if is_number else None
