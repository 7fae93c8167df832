"""Builds a projection from history beside the tables that serve, then swaps the views.

Reads never stop and never go back in time. The runner that keeps the serving tables up to date
notices the swap by its fence: its next commit moves nothing, it opens the new tables and goes on.
"""

import logging
import random
import time
from typing import Final

import msgspec
from psycopg import errors

from projections import locks, schemas
from projections.connection import Connection, connect
from projections.projection import Projection
from projections.source import Source
from projections.track import Track

logger = logging.getLogger(__name__)

# Readers queue behind the swap while it waits for its locks: rather give up and try again.
_SWAP_LOCK_TIMEOUT: Final = "50ms"
_SWAP_ATTEMPTS: Final = 200


class Rebuilt(msgspec.Struct, frozen=True):
    """What was built, from how many events, in how many seconds."""

    schema: str
    events: int
    seconds: float


def rebuild(projection: Projection, source: Source) -> Rebuilt:
    """Builds the tables of `projection` anew and puts them in the place of the serving ones.

    Raises `locks.Busy` when it is already being rebuilt.
    """
    started = time.perf_counter()
    with (
        connect(source.conninfo) as connection,
        locks.held(connection, f"rebuild of {projection.name}"),
    ):
        drop_leftovers(connection, projection.name)
        schema = schemas.next_schema(connection, projection)
        with locks.held(connection, schema):
            schemas.create(source.conninfo, projection, schema, "building")
            events = _build_and_swap(projection, source, schema, connection)
        drop_leftovers(connection, projection.name)
    seconds = time.perf_counter() - started
    logger.info("%s: %d events in %.1f s into %s", projection.name, events, seconds, schema)
    return Rebuilt(schema, events, seconds)


def _build_and_swap(
    projection: Projection, source: Source, schema: str, connection: Connection
) -> int:
    with Track.open(projection, source.conninfo, schema) as track:
        events = source.catch_up(track)
        _analyze(source.conninfo, schema)
        for _ in range(_SWAP_ATTEMPTS):
            events += source.catch_up(track)
            try:
                swap(connection, track, source)
            except (errors.LockNotAvailable, errors.DeadlockDetected):
                time.sleep(random.uniform(0.01, 0.1))  # noqa: S311 - only spreads the attempts
            else:
                return events
    raise locks.Busy(f"Queries hold the views of {projection.name}; {schema} was not swapped in.")


def swap(connection: Connection, track: Track, source: Source) -> None:
    """Shows the tables of `track` in place of the live ones, at a position not below theirs.

    The lock on the live position keeps its runner out, so what it has applied is fixed; what the
    new tables lack of that (little: they have just caught up) is applied first.
    """
    with connection.transaction():
        connection.execute(f"SET LOCAL lock_timeout = '{_SWAP_LOCK_TIMEOUT}'")
        old = schemas.live(connection, track.projection.name, lock=True)
        if old is not None:
            source.catch_up(track, upto=old.position)
            schemas.hide(connection, old.schema)
            _set_state(connection, old.schema, "retired")
        _set_state(connection, track.schema, "live")
        schemas.show(connection, track.schema)


def drop_leftovers(connection: Connection, name: str) -> None:
    """Drops the builds of a projection that serve no more, or that nobody is building any more."""
    rows = connection.execute(
        "SELECT schema FROM projections.position WHERE name = %s AND state <> 'live'", (name,)
    ).fetchall()
    for (schema,) in rows:
        if not locks.try_lock(connection, schema):
            continue
        try:
            schemas.drop(connection, schema)
        except errors.LockNotAvailable:
            logger.info("%s is still being read; it is dropped next time", schema)
        finally:
            locks.unlock(connection, schema)


def _set_state(connection: Connection, schema: str, state: str) -> None:
    connection.execute(
        "UPDATE projections.position SET state = %s WHERE schema = %s", (state, schema)
    )


def _analyze(conninfo: str, schema: str) -> None:
    """Statistics before the first query: without them it would be planned blindly."""
    with connect(conninfo, schema) as connection:
        for table in schemas.tables(connection, schema):
            connection.execute(f"ANALYZE {table}".encode())
