"""Prometheus metrics: how long requests take, by route; and where Prometheus reads them."""

import time
from collections.abc import Callable
from http import HTTPMethod

from litestar.types import ASGIApp, Message, Receive, Scope, Send
from prometheus_client import CollectorRegistry, Histogram, start_http_server

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)


class RequestMetrics:
    """Request durations in seconds, by method, route template and status, in one registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self._seconds = Histogram(
            "lms_http_request_seconds",
            "From the request's head to the end of its answer.",
            ("method", "route", "status"),
            registry=registry,
            buckets=BUCKETS,
        )

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request. `route` must be one of a limited number of names."""
        self._seconds.labels(method, route, status).observe(seconds)


class MetricsMiddleware:
    """ASGI middleware around a Litestar app; what has no route counts as route "none"."""

    def __init__(self, app: ASGIApp, metrics: RequestMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        status = 500

        async def send_noting_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        started = time.perf_counter()
        try:
            await self._app(scope, receive, send_noting_status)
        finally:
            route = scope.get("path_template") or "none"
            seconds = time.perf_counter() - started
            self._metrics.observe(_method(scope), str(route), status, seconds)


def serve_metrics(
    registry: CollectorRegistry, *, host: str, port: int
) -> tuple[int, Callable[[], None]]:
    """Serve the metrics of a process on a port of their own, which no gateway leads to.

    Port 0 is any free one. Returns the port and the function that stops it.
    Raises OSError when the port is taken.
    """
    server, thread = start_http_server(port, host, registry)

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return server.server_port, stop


def _method(scope: Scope) -> str:
    # A method is any word that a caller likes; only the known ones become a label.
    method = scope.get("method")
    return method if isinstance(method, str) and method in HTTPMethod.__members__ else "other"
