"""How far behind the log things are, as the database tells it."""

from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import class_row

from event_store.recorder import SETTLED
from event_store.seals import tables

MOST = 100_000
"""Events are counted up to here: a lag beyond it is only said to be as long as this."""

PATIENCE = 5
"""Seconds that connecting, and each statement, may take."""


Connected = Connection[tuple[Any, ...]]


class Lag(msgspec.Struct, frozen=True):
    """`events` follow a position (at most `MOST`); the oldest was recorded `seconds` ago."""

    events: int
    seconds: float


class Follower(msgspec.Struct, frozen=True):
    """A projection or a policy: where it is, how far behind, how many events it has parked."""

    name: str
    version: int
    state: str
    position: int
    events: int
    seconds: float
    parked: int


def _behind(position: str) -> str:
    """SQL: `events` and `seconds` behind a position; an index scan of what is behind, no more."""
    after = f"event_store.events WHERE position > {position}"
    return (
        f"(SELECT count(*) FROM (SELECT 1 FROM {after} LIMIT {MOST}) AS counted) AS events,"
        " coalesce(extract(epoch FROM clock_timestamp() -"
        f" (SELECT recorded_at FROM {after} ORDER BY position LIMIT 1)), 0)::float8 AS seconds"
    )


_AFTER = f"SELECT {_behind('%(position)s')}"
_UNSETTLED = f"SELECT {_behind(f'{SETTLED} - 1')}"
_PROJECTIONS = (
    f"SELECT name, version, state, position, {_behind('build.position')},"
    " (SELECT count(*) FROM projections.parked WHERE parked.schema = build.schema) AS parked"
    " FROM projections.position AS build WHERE state <> 'retired' ORDER BY name, schema"
)
_POLICIES = (
    f"SELECT policy AS name, 0 AS version, 'live' AS state, position, {_behind('known.position')},"
    " (SELECT count(*) FROM policies.parked WHERE parked.policy = known.policy) AS parked"
    " FROM policies.position AS known ORDER BY policy"
)


def connect(url: str) -> Connected:
    """A connection that gives up soon. Raises psycopg.OperationalError."""
    options = f"-c statement_timeout={PATIENCE}s"
    return Connection.connect(url, autocommit=True, connect_timeout=PATIENCE, options=options)


def behind(connection: Connected, position: int) -> Lag:
    """How many committed events follow a position."""
    cursor = connection.cursor(row_factory=class_row(Lag))
    return cursor.execute(_AFTER, {"position": position}).fetchall()[0]


def sealed(connection: Connected) -> int:
    """The position up to which all events are sealed; 0 when none is."""
    return tables.end(connection)[1]


def unsettled(connection: Connected) -> Lag:
    """What is committed but can't be read in order yet, because an older transaction is open."""
    return connection.cursor(row_factory=class_row(Lag)).execute(_UNSETTLED).fetchall()[0]


def projections(connection: Connected) -> list[Follower]:
    """Every build that serves or is being made."""
    return connection.cursor(row_factory=class_row(Follower)).execute(_PROJECTIONS).fetchall()


def policies(connection: Connected) -> list[Follower]:
    """Every policy that has run."""
    return connection.cursor(row_factory=class_row(Follower)).execute(_POLICIES).fetchall()
