"""What the sealer tells about its work."""

from typing import Final

from prometheus_client import Counter, Gauge

SEALED: Final = Gauge("lms_sealed_events", "Events that have a number and a leaf in the tree")
POSITION: Final = Gauge("lms_sealer_position", "Position up to which all events are sealed")
CHECKPOINTS: Final = Counter("lms_seal_checkpoints", "Checkpoints that this sealer has signed")
LEADING: Final = Gauge("lms_sealer_leading", "1 in the copy that works")
BROKEN: Final = Gauge("lms_seals_broken", "1 while what is sealed contradicts what was signed")
