"""Sends spans to an OpenTelemetry collector. Imported only when there is one."""

from importlib.metadata import version
from typing import Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import set_tracer_provider

from lms.settings import Settings

PATIENCE: Final = 3.0
"""Seconds that the collector may take; what it doesn't get then is lost, and nothing waits."""


def start(settings: Settings, process: str) -> TracerProvider:
    """Makes all spans of this program go to the collector, in batches, from a thread of its own."""
    provider = TracerProvider(
        sampler=ParentBased(TraceIdRatioBased(settings.traced_share)),
        resource=Resource.create(
            {
                "service.namespace": "lms",
                "service.name": f"lms-{process}",
                "service.version": version("lms"),
            }
        ),
        shutdown_on_exit=False,
    )
    exporter = OTLPSpanExporter(f"{settings.otlp_endpoint}/v1/traces", timeout=PATIENCE)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    set_tracer_provider(provider)
    return provider
