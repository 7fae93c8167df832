"""How long appends take, and how they end."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from prometheus_client import Histogram

from event_store.errors import RequestRepeated, VersionConflict

APPENDS: Final = Histogram(
    "lms_append_seconds",
    "From handing events to the log to their commit, or to its refusal.",
    ["outcome"],
    buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
_RECORDED = APPENDS.labels("recorded")
_CONFLICT = APPENDS.labels("conflict")
_REPEATED = APPENDS.labels("repeated")
_FAILED = APPENDS.labels("failed")


@contextmanager
def measured_append() -> Iterator[None]:
    """Counts what happens in the block as one append."""
    started, outcome = time.perf_counter(), _FAILED
    try:
        yield
        outcome = _RECORDED
    except VersionConflict:
        outcome = _CONFLICT
        raise
    except RequestRepeated:
        outcome = _REPEATED
        raise
    finally:
        outcome.observe(time.perf_counter() - started)
