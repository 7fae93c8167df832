"""The gateway: one address for clients. What reads goes to the read API, the rest to the write API.

It answers for itself: health of the whole, the merged OpenAPI document and the page that shows it.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp
import msgspec
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from edge import docs_page
from edge.correlation import CorrelationMiddleware, TrustedPeers, current_caller
from edge.health import Health, readiness
from edge.merged_openapi import merge, routes_in
from edge.metrics import MetricsMiddleware, RequestMetrics
from edge.openapi import Document
from edge.problem import UNEXPECTED, Fault, log_unexpected, send_problem, unavailable
from edge.routes import Routes
from edge.scim.error import is_scim
from edge.secret_path import shown
from edge.upstream import Upstream

READING = {"GET", "HEAD"}
SEARCH = "/.search"
"""The end of paths that SCIM clients post a search to."""
DOCUMENT_SECONDS = 5.0
"""For how long the merged document is kept."""

OwnRoute = Callable[[HTTPScope, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]


def gateway(
    *,
    read_api: Upstream,
    write_api: Upstream,
    title: str,
    version: str,
    metrics: RequestMetrics,
    peers: TrustedPeers | None = None,
    reads_on_write_api: frozenset[str] = frozenset(),
) -> ASGIApp:
    """Make the gateway.

    `peers` are the proxies in front of it, none when None; `reads_on_write_api` are the paths, as
    OpenAPI writes them, whose GET the write API answers.
    """
    trusted = peers or TrustedPeers(())
    inner = _Gateway(
        read_api,
        write_api,
        MergedDocument({"read API": read_api, "write API": write_api}, title, version),
        trusted,
        reads_on_write_api,
    )
    around = CorrelationMiddleware(MetricsMiddleware(inner, metrics), trusted)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        kind: str = scope["type"]
        if kind == "lifespan":
            await _lifespan(receive, send, (read_api, write_api))
        elif kind == "http":
            await around(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000, "reason": "Not offered."})

    return app


async def _lifespan(receive: Any, send: Any, upstreams: tuple[Upstream, ...]) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    for upstream in upstreams:
        await upstream.close()
    await send({"type": "lifespan.shutdown.complete"})


class MergedDocument:
    """The OpenAPI document of both APIs, asked for anew when it is some seconds old."""

    def __init__(self, upstreams: Mapping[str, Upstream], title: str, version: str) -> None:
        self._upstreams = upstreams
        self._title = title
        self._version = version
        self._lock = asyncio.Lock()
        self._fetched_at = -DOCUMENT_SECONDS
        self._sources: tuple[bytes, ...] = ()
        self._json = b""
        self._routes = Routes({})

    async def json(self) -> bytes:
        """The document. Raises OSError, aiohttp.ClientError, TimeoutError, OpenAPIConflict."""
        await self._refresh()
        return self._json

    async def routes(self) -> Routes:
        """Which methods each path has. Raises as `json` does."""
        await self._refresh()
        return self._routes

    async def _refresh(self) -> None:
        async with self._lock:
            if time.monotonic() - self._fetched_at < DOCUMENT_SECONDS:
                return
            fetches = (upstream.fetch("/openapi.json") for upstream in self._upstreams.values())
            sources = tuple(await asyncio.gather(*fetches))
            if sources != self._sources:
                await asyncio.to_thread(self._merge, sources)
            self._fetched_at = time.monotonic()

    def _merge(self, sources: tuple[bytes, ...]) -> None:
        documents: dict[str, Document] = {
            name: msgspec.json.decode(source)
            for name, source in zip(self._upstreams, sources, strict=True)
        }
        merged = merge(documents, title=self._title, version=self._version)
        self._json, self._routes = msgspec.json.encode(merged), routes_in(merged)
        self._sources = sources


class _Gateway:
    def __init__(
        self,
        read_api: Upstream,
        write_api: Upstream,
        document: MergedDocument,
        peers: TrustedPeers,
        reads_on_write_api: frozenset[str],
    ) -> None:
        self._read_api = read_api
        self._write_api = write_api
        self._document = document
        self._peers = peers
        self._reads_on_write_api = Routes(dict.fromkeys(reads_on_write_api, READING))
        self._own: dict[str, OwnRoute] = {
            "/health/live": self._live,
            "/health/ready": self._ready,
            "/openapi.json": self._openapi,
            "/docs": self._docs,
        }

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        try:
            if own := self._own_route(scope):
                scope["path_template"] = "gateway"
                await own(scope, send)
            else:
                upstream = self._upstream(scope)
                scope["path_template"] = upstream.name
                forwarded = self._forwarded(scope)
                await upstream.forward(
                    scope, receive, send, forwarded=forwarded, correct=self._correct
                )
        except Exception as error:  # noqa: BLE001 -- the outermost place: nothing may escape
            log_unexpected(error, scope)
            await send_problem(UNEXPECTED, scope, send)

    def _own_route(self, scope: HTTPScope) -> OwnRoute | None:
        if scope["method"] == "OPTIONS":
            return self._options
        if scope["method"] not in READING:
            return None
        path = scope["path"]
        return self._own.get(path) or (self._docs if path.startswith(docs_page.PREFIX) else None)

    def _upstream(self, scope: HTTPScope) -> Upstream:
        path = scope["path"]
        searches = is_scim(path) and path.endswith(SEARCH)
        reads = scope["method"] in READING and not self._reads_on_write_api.methods(path)
        return self._read_api if reads or searches else self._write_api

    def _forwarded(self, scope: HTTPScope) -> list[tuple[str, str]]:
        """Say upstream who called, by what address and scheme; only our own proxies know better."""
        client = scope.get("client")
        given: dict[bytes, str] = {}
        if client and self._peers.trusts(client[0]):
            given = {name: value.decode("latin-1") for name, value in scope["headers"]}
        own = {name: value.decode("latin-1") for name, value in scope["headers"] if name == b"host"}
        return [
            ("x-forwarded-for", current_caller().source_address or "unknown"),
            ("x-forwarded-proto", given.get(b"x-forwarded-proto", scope["scheme"])),
            ("x-forwarded-host", given.get(b"x-forwarded-host", own.get(b"host", ""))),
        ]

    async def _correct(self, scope: HTTPScope) -> Fault | None:
        """An API knows only its own half: say 405 of a path that the other half has."""
        try:
            routes = await self._document.routes()
        except Exception:  # noqa: BLE001 -- then the API's own answer has to do
            return None
        methods = routes.methods(scope["path"])
        if not methods or scope["method"] in methods:
            return None
        return Fault(
            status=405,
            code="method-not-allowed",
            detail=f"{shown(scope['path'])} has no {scope['method']}.",
            headers={"Allow": routes.allow(scope["path"])},
        )

    async def _options(self, scope: HTTPScope, send: Send) -> None:
        try:
            allow = (await self._document.routes()).allow(scope["path"])
        except (OSError, aiohttp.ClientError, TimeoutError):
            await send_problem(_NOT_UP, scope, send)
            return
        if not allow:
            fault = Fault(
                status=404, code="not-found", detail=f"There is no {shown(scope['path'])}."
            )
            await send_problem(fault, scope, send)
            return
        await _send(send, scope, 204, [(b"allow", allow.encode())], b"")

    async def _live(self, scope: HTTPScope, send: Send) -> None:
        await _send_json(send, scope, msgspec.json.encode(Health(status="live")))

    async def _ready(self, scope: HTTPScope, send: Send) -> None:
        upstreams = (self._read_api, self._write_api)
        checks = {up.name: lambda up=up: up.fetch("/health/ready") for up in upstreams}
        health = await readiness(checks)
        if isinstance(health, Fault):
            await send_problem(health, scope, send)
        else:
            await _send_json(send, scope, msgspec.json.encode(health))

    async def _openapi(self, scope: HTTPScope, send: Send) -> None:
        try:
            document = await self._document.json()
        except (OSError, aiohttp.ClientError, TimeoutError):
            await send_problem(_NOT_UP, scope, send)
            return
        await _send_json(send, scope, document)

    async def _docs(self, scope: HTTPScope, send: Send) -> None:
        name = scope["path"].removeprefix(docs_page.PREFIX)
        page = scope["path"] in {"/docs", "/docs/"}
        found = docs_page.page("LMS API") if page else docs_page.asset(name)
        if found is None:
            fault = Fault(
                status=404, code="not-found", detail=f"There is no {shown(scope['path'])}."
            )
            await send_problem(fault, scope, send)
        elif _accepts_gzip(scope):
            headers = [*found.headers, (b"content-encoding", b"gzip")]
            await _send(send, scope, 200, headers, found.compressed)
        else:
            await _send(send, scope, 200, found.headers, found.body)


_NOT_UP = unavailable("upstream-unavailable", "Not both APIs can be reached just now.")


def _accepts_gzip(scope: HTTPScope) -> bool:
    return any(name == b"accept-encoding" and b"gzip" in value for name, value in scope["headers"])


async def _send_json(send: Send, scope: HTTPScope, body: bytes) -> None:
    await _send(send, scope, 200, [(b"content-type", b"application/json")], body)


async def _send(send: Send, scope: HTTPScope, status: int, headers: Headers, body: bytes) -> None:
    headers = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    if scope["method"] == "HEAD":
        body = b""
    await send({"type": "http.response.body", "body": body, "more_body": False})
