"""Where projections get their events from, and where they keep their tables."""

import logging
from typing import Final

import msgspec

from bus.log import Log
from projections.entry import Decode, entries
from projections.track import Track

logger = logging.getLogger(__name__)

_PAGE: Final = 2_000


class Source(msgspec.Struct, frozen=True):
    """The log with its decoder, and the connection string of the database of the read models."""

    conninfo: str
    log: Log
    decode: Decode

    def catch_up(self, track: Track, upto: int | None = None) -> int:
        """Applies the log to a track, up to the settled end or to `upto`; returns how many events.

        Only what the projection follows is read.
        """
        end = self.log.last() if upto is None else upto
        types, applied = track.projection.types, 0
        while track.position < end:
            records = self.log.read(track.position, _PAGE, types, end)
            reached = records[-1].position if len(records) == _PAGE else end
            track.apply(entries(records, self.decode), reached)
            applied += len(records)
        return applied
