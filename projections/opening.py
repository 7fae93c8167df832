"""From a projection in the code to a track on its live tables that has caught up with the log."""

import logging

from projections import locks, schemas
from projections.connection import Connection, connect
from projections.projection import Projection
from projections.rebuild import rebuild
from projections.schemas import Build
from projections.source import Source
from projections.track import Track

logger = logging.getLogger(__name__)


class AheadOfLog(Exception):
    """The tables hold events that the log doesn't: they were filled from another log."""


class Superseded(Exception):
    """A newer version than the code's serves already: newer code is, or was, running."""


def open_live(projection: Projection, source: Source) -> Track:
    """A track that is level with the settled end of the log.

    Creates the tables when the projection has none, and rebuilds them beside the ones that serve
    when those are of an older version. Raises `AheadOfLog`, `Superseded`, `locks.Busy`, `Fenced`.
    """
    with connect(source.conninfo) as connection:
        build = schemas.live(connection, projection.name) or _install(
            connection, projection, source
        )
        if build.version < projection.version:
            rebuild(projection, source)
            build = schemas.live(connection, projection.name) or build
    if build.version > projection.version:
        raise Superseded(f"{projection.name} version {build.version} serves already.")
    if build.position > source.log.last():
        raise AheadOfLog(f"{build.schema} is past the end of the log; rebuild {projection.name}.")
    track = Track.open(projection, source.conninfo, build.schema)
    try:
        source.catch_up(track)
    except BaseException:
        track.close()
        raise
    return track


def _install(connection: Connection, projection: Projection, source: Source) -> Build:
    """Empty tables that serve at once: queries answer while they fill."""
    with locks.held(connection, f"rebuild of {projection.name}"):
        build = schemas.live(connection, projection.name)
        if build is None:
            schema = schemas.next_schema(connection, projection)
            schemas.create(source.conninfo, projection, schema, "live")
            build = Build(projection.name, projection.version, schema, 0)
            logger.info("%s: created %s", projection.name, schema)
    return build
