"""Reads of the audit trail are recorded: who looked at what. What can't be recorded isn't given.

A controller whose answers are to be recorded says so in one line, `middleware = RECORDED`, and a
handler may add which events it gives, by `delivered`. The read API can't append to the log: it
tells the write API, as the one who reads, before the first byte of the answer leaves.
"""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

import msgspec
from litestar.connection import ASGIConnection
from litestar.handlers import HTTPRouteHandler
from litestar.middleware import DefineMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from edge.problem import ProblemError, send_problem
from read_api.write_side import WriteSide, not_recorded

PATH = "/audit/reads"
NOT_RECORDED = not_recorded(
    "read-not-recorded", "That this was read can't be recorded just now, so it isn't shown."
)
LONGEST = 200
WRITE_SIDE = "write_side"
"""Where the application keeps its `WriteSide`."""
HIDDEN = {"source_address": "(given)"}
"""Filters whose value is personal data of somebody whom the record can't be erased with."""
NOTHING_TO_READ_ABOUT = frozenset({"correlation_id"})
MOST_FILTERS = 50

_DELIVERED = "audit_delivered"
_ID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")


class RecordingMiddleware:
    """ASGI middleware within Litestar's routing: holds an answer back until it is recorded."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = False

        async def send_recorded(message: Message) -> None:
            nonlocal refused
            if message["type"] == "http.response.start" and 200 <= message["status"] < 300:
                try:
                    await _record(scope)
                except ProblemError as error:
                    refused = True
                    await send_problem(error.fault, scope, send)
            if not refused:
                await send(message)

        await self._app(scope, receive, send_recorded)


RECORDED = [DefineMiddleware(RecordingMiddleware)]
"""`middleware = RECORDED` in a controller: what it answers is recorded."""


def delivered(connection: ASGIConnection[Any, Any, Any, Any], positions: Sequence[int]) -> None:
    """Says which events the answer gives."""
    bounds = (min(positions), max(positions)) if positions else (None, None)
    given = {"count": len(positions), "first": bounds[0], "last": bounds[1]}
    connection.scope["state"][_DELIVERED] = given


def read_of(scope: Scope) -> dict[str, Any]:
    """The body of a `RecordAuditRead` for the request being answered."""
    handler = scope["route_handler"]
    assert isinstance(handler, HTTPRouteHandler)
    filters: dict[str, list[str]] = {}
    asked = [(name, str(value)) for name, value in scope["path_params"].items()]
    asked += parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    for name, value in asked[:MOST_FILTERS]:
        if name != "cursor":  # `first` and `last` say more
            filters.setdefault(name[:LONGEST], []).append(HIDDEN.get(name, value[:LONGEST]))
    about = {
        UUID(value)
        for name, value in asked[:MOST_FILTERS]
        if name not in NOTHING_TO_READ_ABOUT and _ID.fullmatch(value)
    }
    given = scope["state"].get(_DELIVERED, {})
    return {"query": handler.operation_id, "filters": filters, "about": sorted(about), **given}


async def _record(scope: Scope) -> None:
    write_side: WriteSide = scope["litestar_app"].state[WRITE_SIDE]
    (authorization,) = (value for name, value in scope["headers"] if name == b"authorization")
    body = msgspec.json.encode(read_of(scope))
    await write_side.record(PATH, body, authorization.decode("latin-1"), NOT_RECORDED)
