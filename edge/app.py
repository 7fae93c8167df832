"""How both APIs are put together: one Litestar app with the edge around the given controllers."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from litestar import Litestar, MediaType, Response, get
from litestar.datastructures import State
from litestar.exceptions import NotFoundException
from litestar.middleware import DefineMiddleware
from litestar.openapi.config import OpenAPIConfig
from litestar.types import ASGIApp, ControllerRouterHandler, Message, Receive, Scope, Send

from edge.authentication import OPEN, AuthenticationMiddleware, Verifier
from edge.correlation import CorrelationMiddleware, TrustedPeers
from edge.faults import STANDARD_FAULTS, invalid
from edge.health import Check, Health, readiness
from edge.metrics import MetricsMiddleware, RequestMetrics
from edge.null import refuse_null
from edge.openapi import document_of, openapi_config
from edge.problem import (
    Fault,
    FaultTable,
    FieldError,
    ProblemError,
    fault_of,
    problem_handlers,
    send_problem,
)
from edge.request import NUL, EdgeRequest
from edge.routes import OptionsMiddleware, routes_of

MAX_BODY = 1024 * 1024
"""Bytes that a request's body may have, unless its handler says otherwise."""

Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]


def edge_app(
    controllers: Sequence[ControllerRouterHandler],
    *,
    title: str,
    version: str,
    verifier: Verifier,
    faults: FaultTable,
    checks: Mapping[str, Check],
    metrics: RequestMetrics,
    peers: TrustedPeers | None = None,
    dependencies: Mapping[str, Any] | None = None,
    lifespan: Sequence[Lifespan] = (),
    state: State | None = None,
    max_body: int = MAX_BODY,
) -> Litestar:
    """Make an API.

    `faults` adds the API's own exceptions to those of the frameworks; `checks` are what
    `/health/ready` asks, by name; `peers` are the networks of our own proxies (loopback when None).
    """

    def assemble(*own: ControllerRouterHandler, openapi: OpenAPIConfig | None) -> Litestar:
        return Litestar(
            [*controllers, *own],
            before_request=refuse_null,
            dependencies=dict(dependencies or {}),
            exception_handlers=problem_handlers({**STANDARD_FAULTS, **faults}),
            lifespan=[*lifespan],
            # Logging belongs to the running program, not to a library in it.
            logging_config=None,
            middleware=[DefineMiddleware(AuthenticationMiddleware, verifier=verifier)],
            openapi_config=openapi,
            request_class=EdgeRequest,
            request_max_body_size=max_body,
            state=state,
        )

    # Litestar can only document an app by giving it further routes, so a second one is documented.
    @cache
    def document() -> bytes:
        described = assemble(openapi=openapi_config(title, version))
        return msgspec.json.encode(document_of(described), order="sorted")

    app = assemble(*_own_routes(checks, document), openapi=None)
    answering = OptionsMiddleware(app.asgi_handler, routes_of(app))
    app.asgi_handler = _around(answering, metrics, peers or TrustedPeers())
    return app


def _own_routes(
    checks: Mapping[str, Check], document: Callable[[], bytes]
) -> tuple[ControllerRouterHandler, ...]:
    """What each API answers about itself. The gateway documents these routes."""
    shared: dict[str, Any] = {"include_in_schema": False, "opt": {OPEN: True}}

    @get("/health/live", sync_to_thread=False, **shared)
    def live() -> Health:
        return Health(status="live")

    @get("/health/ready", **shared)
    async def ready() -> Health:
        health = await readiness(checks)
        if isinstance(health, Fault):
            raise ProblemError(health)
        return health

    @get("/openapi.json", **shared)
    async def openapi() -> Response[bytes]:
        return Response(await asyncio.to_thread(document), media_type=MediaType.JSON)

    return live, ready, openapi


def _around(app: ASGIApp, metrics: RequestMetrics, peers: TrustedPeers) -> ASGIApp:
    """Wrap what must see every request, those without a route too."""
    guarded = CharacterMiddleware(app)
    measured = MetricsMiddleware(guarded, metrics)
    return HeadMiddleware(CorrelationMiddleware(measured, peers))


class HeadMiddleware:
    """ASGI middleware: a HEAD is a GET whose body isn't sent (RFC 9110, 9.3.2)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("method") != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.body":
                message["body"] = b""
            await send(message)

        as_get: Any = {**scope, "method": "GET"}
        await self._app(as_get, receive, send_head)


class CharacterMiddleware:
    """ASGI middleware: refuses NUL, which no text in Postgres may have, in path and query."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if NUL in scope["path"]:
            fault = fault_of(NotFoundException(), STANDARD_FAULTS)
        elif b"%00" in (query := scope["query_string"]):
            pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
            names = {name.replace(NUL, "") for name, value in pairs if NUL in name + value}
            detail = "It has a character that no text may have: NUL."
            fault = invalid(*(FieldError(name or "query", detail) for name in sorted(names)))
        else:
            await self._app(scope, receive, send)
            return
        await send_problem(fault, scope, send)
