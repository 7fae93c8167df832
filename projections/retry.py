"""Applies parked events again, once the code or the data that stopped them is mended."""

from typing import Final
from uuid import UUID

import msgspec

from projections import parked, schemas
from projections.connection import connect
from projections.projection import Projection
from projections.source import Source
from projections.track import Track

# Events in a transaction: the projection's runner waits for it.
_TOGETHER: Final = 100


class Retried(msgspec.Struct, frozen=True):
    """How many parked events could be applied now, and how many are still parked."""

    applied: int
    still_parked: int


def retry(projection: Projection, source: Source) -> Retried:
    """Applies the parked events of a projection's live tables, stream by stream, in order.

    A stream goes on until an event fails again. May be run while the projector is running. Raises
    `Fenced` when the tables are swapped meanwhile: their successors have no parked events but their
    own.
    """
    with connect(source.conninfo) as connection:
        build = schemas.live(connection, projection.name)
        if build is None:
            return Retried(0, 0)
        applied = 0
        with Track.open(projection, source.conninfo, build.schema) as track:
            for stream_id in sorted(parked.stopped_streams(connection, build.schema)):
                positions = parked.waiting(connection, build.schema, stream_id)
                applied += _retry_stream(track, source, stream_id, positions)
        return Retried(applied, parked.count(connection, build.schema))


def _retry_stream(track: Track, source: Source, stream_id: UUID, positions: list[int]) -> int:
    applied = 0
    for start in range(0, len(positions), _TOGETHER):
        part = [source.at(position) for position in positions[start : start + _TOGETHER]]
        done = track.retry(stream_id, part)
        applied += done
        if done < len(part):
            break
    return applied
