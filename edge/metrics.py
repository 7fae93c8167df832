"""Prometheus metrics: how long requests take, by route."""

import time
from http import HTTPMethod

from litestar.types import ASGIApp, Message, Receive, Scope, Send
from prometheus_client import CollectorRegistry, Histogram

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


def _method(scope: Scope) -> str:
    # A method is any word that a caller likes; only the known ones become a label.
    method = scope.get("method")
    return method if isinstance(method, str) and method in HTTPMethod.__members__ else "other"
