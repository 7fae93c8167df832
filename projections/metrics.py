"""How soon events are visible in the read models."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from prometheus_client import Gauge, Histogram

from bus.consumer import Batch

DELAY: Final = Histogram(
    "lms_projection_delay_seconds",
    "From an event's recording until all projections that are kept up to date have applied it.",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60),
)
LEADING: Final = Gauge("lms_projector_leading", "1 while this process keeps the read models")


@contextmanager
def measured_batch(batch: Batch) -> Iterator[None]:
    """Notes, when the block is done, how old each of the batch's events is by then."""
    yield
    now = time.time()
    for record in batch.records:
        DELAY.observe(max(0.0, now - record.recorded_at.timestamp()))
