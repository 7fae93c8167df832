"""One span for each event that projections apply."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry.trace import SpanKind

from bus.consumer import Batch
from lms.telemetry.tracing import TRACER, parent_in
from projections.metrics import measured_batch


@contextmanager
def traced_batch(batch: Batch) -> Iterator[None]:
    """Notes, when the block is done, a span for each event of the batch whose command has one.

    All of a batch become visible together, so their spans are of one length.
    """
    started = time.time_ns()
    with measured_batch(batch):
        yield
    ended = time.time_ns()
    for record in batch.records:
        if (trace := record.trace) is None:
            continue
        TRACER.start_span(
            f"project {record.type}",
            context=parent_in(trace),
            kind=SpanKind.CONSUMER,
            attributes={"lms.stream": str(record.stream_id), "lms.position": record.position},
            start_time=started,
        ).end(ended)
