"""Traces across processes: from a request to its command, its events, and what follows from them.

A request belongs to the trace that its `traceparent` header names; the gateway passes its own on
to the APIs. A command keeps its place in the trace in its events' metadata, and the relay puts it
into the message: so projections and policies know what they continue, days later too. All of it is
put around what it watches, and only when there is a collector to send to.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

from opentelemetry.context import Context
from opentelemetry.trace import Span, get_tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from lms.settings import Settings

TRACEPARENT = "traceparent"
TRACER = get_tracer("lms")
_W3C = TraceContextTextMapPropagator()


@contextmanager
def traces_exported(settings: Settings, process: str) -> Iterator[None]:
    """Sends spans to the collector while the block runs, and what is left of them at its end."""
    if not settings.otlp_endpoint:
        yield
        return
    # Tens of megabytes, that only those who trace need.
    exporting = import_module("lms.telemetry.exporting")
    provider = exporting.start(settings, process)
    try:
        yield
    finally:
        provider.shutdown()


def parent_in(traceparent: str | None) -> Context:
    """What a span continues; a context without a span when there is nothing, or nonsense."""
    return _W3C.extract({} if traceparent is None else {TRACEPARENT: traceparent}, Context())


def traceparent_of(span: Span) -> str | None:
    """How others continue the span; None when it isn't recorded."""
    context = span.get_span_context()
    if not context.is_valid or not context.trace_flags.sampled:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"
