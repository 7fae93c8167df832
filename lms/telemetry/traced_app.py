"""One span for each HTTP request."""

from typing import Any
from uuid import UUID

from opentelemetry.trace import Span, SpanKind
from opentelemetry.trace.status import StatusCode

from edge.secret_path import shown
from lms.telemetry.tracing import TRACEPARENT, TRACER, parent_in, traceparent_of

CORRELATION = b"x-correlation-id"
UNTRACED = "/health/"

Headers = list[tuple[bytes, bytes]]


class TracedApp:
    """An ASGI application inside spans.

    What is inside sees this span as the request's `traceparent`, so a gateway that passes headers
    on passes that one on. A request without a correlation id gets its trace's id for one.
    """

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """See ASGI."""
        if scope["type"] != "http" or scope["path"].startswith(UNTRACED):
            await self._app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(TRACEPARENT.encode())
        with TRACER.start_as_current_span(
            scope["method"],
            context=parent_in(given.decode("latin-1") if given else None),
            kind=SpanKind.SERVER,
            attributes={"http.request.method": scope["method"], "url.path": shown(scope["path"])},
        ) as span:
            inner = {**scope, "headers": _headers_inside(scope["headers"], span)}
            await self._app(inner, receive, _noting(span, inner, send))


def _headers_inside(headers: Headers, span: Span) -> Headers:
    if (traceparent := traceparent_of(span)) is None:
        return headers
    inside = [(name, value) for name, value in headers if name != TRACEPARENT.encode()]
    inside.append((TRACEPARENT.encode(), traceparent.encode()))
    if not any(name == CORRELATION for name, _ in headers):
        inside.append((CORRELATION, str(UUID(int=span.get_span_context().trace_id)).encode()))
    return inside


def _noting(span: Span, scope: Any, send: Any) -> Any:
    async def send_noting(message: Any) -> None:
        if message["type"] == "http.response.start":
            _note(span, scope, message["status"], dict(message["headers"]))
        await send(message)

    return send_noting


def _note(span: Span, scope: Any, status: int, headers: dict[bytes, bytes]) -> None:
    span.set_attribute("http.response.status_code", status)
    if route := scope.get("path_template"):
        span.update_name(f"{scope['method']} {route}")
        span.set_attribute("http.route", route)
    if correlation := headers.get(CORRELATION):
        span.set_attribute("lms.correlation_id", correlation.decode("latin-1"))
    if status >= 500:
        span.set_status(StatusCode.ERROR)
