"""Proves that read models are what history says: builds them again aside and compares each row."""

from typing import Final

import msgspec
from psycopg import IsolationLevel, sql

from projections import locks, parked, schemas
from projections.connection import Connection, connect
from projections.projection import Projection
from projections.rebuild import drop_leftovers
from projections.source import Source
from projections.track import Track

_EXAMPLES: Final = 5


class TableDifference(msgspec.Struct, frozen=True):
    """Rows that history demands and the table lacks, and rows it has that history doesn't know.

    A changed row counts as both. `examples` are values of the first column, a few of each.
    """

    table: str
    missing: int
    unexpected: int
    examples: list[str]


class Verified(msgspec.Struct, frozen=True):
    """The outcome for one projection, as of `position`; `rows` is how many history gives."""

    projection: str
    version: int
    position: int
    events: int
    rows: int
    parked: int
    differences: list[TableDifference]

    @property
    def holds(self) -> bool:
        """Whether the read model equals history."""
        return not self.differences


class NotComparable(Exception):
    """The live tables were not made by this version of the code."""


def verify(projection: Projection, source: Source) -> Verified:
    """Compares the live tables with what the log gives, both as of one position.

    The projector goes on; it waits for the moment in which both sides are brought level. Raises
    `NotComparable`, or `locks.Busy` while a rebuild or another check is under way.
    """
    with (
        connect(source.conninfo) as connection,
        locks.held(connection, f"rebuild of {projection.name}"),
    ):
        drop_leftovers(connection, projection.name)
        schema = schemas.next_schema(connection, projection)
        try:
            with locks.held(connection, schema):
                schemas.create(source.conninfo, projection, schema, "building")
                return _build_and_compare(connection, projection, source, schema)
        finally:
            if not connection.closed:
                drop_leftovers(connection, projection.name)


def _build_and_compare(
    connection: Connection, projection: Projection, source: Source, schema: str
) -> Verified:
    live = _comparable(connection, projection)
    with Track.open(projection, source.conninfo, schema) as track:
        events = source.catch_up(track, live.position)
        with connect(source.conninfo) as snapshot:
            snapshot.isolation_level = IsolationLevel.REPEATABLE_READ
            snapshot.read_only = True
            with snapshot.transaction():
                events += _bring_level(connection, track, source, snapshot)
                tables = schemas.tables(snapshot, schema)
                differences = [_compare(snapshot, schema, live.schema, table) for table in tables]
                return Verified(
                    projection=projection.name,
                    version=projection.version,
                    position=track.position,
                    events=events,
                    rows=sum(_count(snapshot, schema, table) for table in tables),
                    parked=parked.count(snapshot, live.schema),
                    differences=[found for found in differences if found is not None],
                )


def _comparable(connection: Connection, projection: Projection) -> schemas.Build:
    live = schemas.live(connection, projection.name)
    if live is None or live.version != projection.version:
        has = "nothing" if live is None else f"version {live.version}"
        raise NotComparable(f"{projection.name}: {has} serves, the code is {projection.version}.")
    return live


def _bring_level(connection: Connection, track: Track, source: Source, snapshot: Connection) -> int:
    """Takes the snapshot while the live tables stand still and the new ones are where they are.

    The runner is kept out by the lock on its position, only until the snapshot is taken.
    """
    with connection.transaction():
        live = schemas.live(connection, track.projection.name, lock=True)
        assert live is not None
        events = source.catch_up(track, live.position)
        snapshot.execute("SELECT FROM projections.position")
    return events


def _compare(
    snapshot: Connection, schema: str, live_schema: str, table: str
) -> TableDifference | None:
    columns = schemas.columns(snapshot, schema, table)
    expected, found = sql.Identifier(schema, table), sql.Identifier(live_schema, table)
    if columns != schemas.columns(snapshot, live_schema, table):
        return TableDifference(table, _count(snapshot, schema, table), 0, ["other columns"])
    missing, lacking = _only_in(snapshot, expected, found, columns[0])
    unexpected, foreign = _only_in(snapshot, found, expected, columns[0])
    if not missing and not unexpected:
        return None
    return TableDifference(table, missing, unexpected, sorted({*lacking, *foreign}))


def _only_in(
    snapshot: Connection, one: sql.Identifier, other: sql.Identifier, key: str
) -> tuple[int, list[str]]:
    row = snapshot.execute(
        sql.SQL(
            "SELECT count(*), coalesce((array_agg({key}::text))[1:{examples}], '{{}}')"
            " FROM (SELECT * FROM {one} EXCEPT ALL SELECT * FROM {other}) AS difference"
        ).format(key=sql.Identifier(key), examples=_EXAMPLES, one=one, other=other)
    ).fetchone()
    assert row is not None
    return row[0], row[1]


def _count(snapshot: Connection, schema: str, table: str) -> int:
    row = snapshot.execute(
        sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, table))
    ).fetchone()
    return int(row[0]) if row else 0
