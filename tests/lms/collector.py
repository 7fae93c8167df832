"""An OpenTelemetry collector for tests: keeps the spans that processes send."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import msgspec
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Seen(msgspec.Struct, frozen=True):
    """A span as it arrived; ids in hexadecimal digits, `parent` empty for a root."""

    service: str
    name: str
    trace: str
    span: str
    parent: str


class Collector:
    """Its address, and what it got so far."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.seen: list[Seen] = []

    def find(self, service: str, name: str) -> Seen | None:
        """The first span of this name."""
        named = (one for one in self.seen if (one.service, one.name) == (service, name))
        return next(named, None)

    def keep(self, body: bytes) -> None:
        """Takes what a process sent."""
        request = ExportTraceServiceRequest.FromString(body)
        for resource in request.resource_spans:
            attributes = {one.key: one.value.string_value for one in resource.resource.attributes}
            self.seen += [
                Seen(
                    service=attributes["service.name"],
                    name=span.name,
                    trace=span.trace_id.hex(),
                    span=span.span_id.hex(),
                    parent=span.parent_span_id.hex(),
                )
                for scope in resource.scope_spans
                for span in scope.spans
            ]


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector on a free port, while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            collector.keep(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector = Collector(f"http://127.0.0.1:{server.server_port}")
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield collector
        finally:
            server.shutdown()
            thread.join()
