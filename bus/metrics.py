"""What passes through the bus. Counted by batch: a single event costs next to nothing."""

from typing import Final

from prometheus_client import Counter, Gauge

PUBLISHED: Final = Counter("lms_relay_published", "Events that the relay has put into the stream")
POSITION: Final = Gauge("lms_relay_position", "Position up to which all events are in the stream")
STANDING_BY: Final = Gauge("lms_relay_standing_by", "1 while another relay is at work")
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
