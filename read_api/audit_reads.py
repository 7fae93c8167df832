"""Reads of the audit trail are recorded: who looked at what. What can't be recorded isn't given.

A controller whose answers are to be recorded says so in one line, `middleware = RECORDED`, and a
handler may add which events it gives, by `delivered`. The read API can't append to the log: it
tells the write API, as the one who reads, before the first byte of the answer leaves.
"""

import re
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl
from uuid import UUID

import aiohttp
import msgspec
from litestar.connection import ASGIConnection
from litestar.handlers import HTTPRouteHandler
from litestar.middleware import DefineMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from edge.correlation import CORRELATION_HEADER, current_caller
from edge.problem import Fault, ProblemError, send_problem, unavailable

PATH = "/audit/reads"
PATIENCE = 5.0
"""Seconds that recording may take."""
RETRY_AFTER = 2
LONGEST = 200
READS_STATE = "audit_reads"
"""Where the application keeps its `AuditReads`."""
HIDDEN = {"source_address": "(given)"}
"""Filters whose value is personal data of somebody whom the record can't be erased with."""
NOTHING_TO_READ_ABOUT = frozenset({"correlation_id"})
MOST_FILTERS = 50

_DELIVERED = "audit_delivered"
_ID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")


class AuditReads:
    """Tells the write API at `base_url` about reads. An async context manager."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            base_url=self._base_url,
            headers={"Content-Type": "application/json"},
            timeout=aiohttp.ClientTimeout(total=PATIENCE, sock_connect=1.0),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def record(self, read: Mapping[str, Any], authorization: str) -> None:
        """Records a read of whoever the token belongs to.

        Raises ProblemError (503) unless it is in the log.
        """
        assert self._session is not None, "It isn't open."
        caller = current_caller()
        headers = {
            "Authorization": authorization,
            CORRELATION_HEADER.decode(): str(caller.correlation_id),
            "User-Agent": caller.user_agent or "",
        }
        if caller.source_address is not None:
            headers["X-Forwarded-For"] = caller.source_address
        try:
            async with self._session.post(
                PATH, data=msgspec.json.encode(read), headers=headers
            ) as response:
                recorded = response.status == 201
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise ProblemError(_not_recorded()) from error
        if not recorded:
            raise ProblemError(_not_recorded())


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
    reads: AuditReads = scope["litestar_app"].state[READS_STATE]
    (authorization,) = (value for name, value in scope["headers"] if name == b"authorization")
    await reads.record(read_of(scope), authorization.decode("latin-1"))


def _not_recorded() -> Fault:
    detail = "That this was read can't be recorded just now, so it isn't shown."
    return unavailable("read-not-recorded", detail, retry_after=RETRY_AFTER)
