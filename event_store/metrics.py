"""How long appends take, and how they end."""

import time
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
_FAILED = APPENDS.labels("failed")
_OUTCOMES: Final[dict[type[BaseException], Histogram]] = {
    VersionConflict: APPENDS.labels("conflict"),
    RequestRepeated: APPENDS.labels("repeated"),
}


class measured_append:  # noqa: N801 - read as a statement
    """Counts what happens in the block as one append.

    A class, as each append pays for it: a generator takes three times as long.
    """

    __slots__ = ("_started",)

    def __enter__(self) -> None:
        self._started = time.perf_counter()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        outcome = _RECORDED if kind is None else _OUTCOMES.get(kind, _FAILED)
        outcome.observe(time.perf_counter() - self._started)
