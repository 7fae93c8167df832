"""How projections are doing, as numbers: for the command line, health checks and metrics."""

from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import class_row


class Status(msgspec.Struct, frozen=True):
    """One build of a projection.

    `lag` is in events of the log (of any type) that are not applied yet, `age` how many seconds ago
    the oldest of them was recorded, `parked` how many events could not be applied or wait behind
    one that could not.
    """

    name: str
    version: int
    schema: str
    state: str
    position: int
    lag: int
    age: float
    parked: int


_STATUS = """
SELECT build.name, build.version, build.schema, build.state, build.position,
    behind.events AS lag,
    coalesce(extract(epoch FROM clock_timestamp() - behind.oldest), 0)::float8 AS age,
    (SELECT count(*) FROM projections.parked WHERE parked.schema = build.schema) AS parked
FROM projections.position AS build
CROSS JOIN LATERAL (
    SELECT count(*) AS events, min(recorded_at) AS oldest
    FROM event_store.events WHERE position > build.position
) AS behind
WHERE build.state <> 'retired'
ORDER BY build.name, build.state DESC, build.schema
"""


def statuses(connection: Connection[Any]) -> list[Status]:
    """Every build that serves or is being made; the role must be able to read the log."""
    cursor = connection.cursor(row_factory=class_row(Status))
    return cursor.execute(_STATUS).fetchall()


def positions(connection: Connection[Any]) -> dict[str, int]:
    """The position of each live projection, by name."""
    rows = connection.execute("SELECT name, position FROM projections.position WHERE state='live'")
    return dict(rows.fetchall())
