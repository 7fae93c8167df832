"""What consumers get from the bus. Counted by batch: a single event costs next to nothing."""

from typing import Final

from prometheus_client import Counter

DELIVERED: Final = Counter(
    "lms_consumer_events",
    "Events that a consumer has handed out, by where it got them: the stream or the log",
    ["consumer", "source"],
)
GAPS: Final = Counter(
    "lms_consumer_gaps",
    "Times that a consumer saw in the stream that it had missed something, and read it in the log",
    ["consumer"],
)
