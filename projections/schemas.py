"""The sets of tables that projections are built in, and the views that show the live ones.

A build of a projection stands in a schema of its own: `course_v2`, then `course_v2_b2` when
version 2 is built again. `projections.position` has a row for each. Clients' queries only know the
views in `read_models`.
"""

from typing import Final

import msgspec
from psycopg import sql
from psycopg.rows import class_row

from projections.connection import Connection, connect
from projections.projection import Projection

VIEWS: Final = "read_models"
READ_ROLE: Final = "lms_read"


class Build(msgspec.Struct, frozen=True):
    """One set of tables: where it is, which version filled it, and up to which position."""

    name: str
    version: int
    schema: str
    position: int


_LIVE = (
    "select name, version, schema, position from projections.position"
    " where name = %s and state = 'live'"
)


def live(connection: Connection, name: str, *, lock: bool = False) -> Build | None:
    """The build that serves, if there is one; `lock` stops its runner until the commit."""
    cursor = connection.cursor(row_factory=class_row(Build))
    return cursor.execute(_LIVE + (" for update" if lock else ""), (name,)).fetchone()


def create(conninfo: str, projection: Projection, schema: str, state: str) -> None:
    """Makes the empty tables of a build at position 0. The caller shows them."""
    with connect(conninfo, schema) as connection, connection.transaction():
        connection.execute(sql.SQL("create schema {}").format(sql.Identifier(schema)))
        connection.execute(projection.schema.encode())
        connection.execute(
            "insert into projections.position (schema, name, version, state)"
            " values (%s, %s, %s, %s)",
            (schema, projection.name, projection.version, state),
        )
        if state == "live":
            show(connection, schema)


def drop(connection: Connection, schema: str) -> None:
    """Removes the tables of a build and all that is known of it."""
    with connection.transaction():
        connection.execute("set local lock_timeout = '1s'")
        connection.execute(
            sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(schema))
        )
        connection.execute("delete from projections.position where schema = %s", (schema,))


def tables(connection: Connection, schema: str) -> list[str]:
    rows = connection.execute(
        "select tablename::text from pg_tables where schemaname = %s order by 1", (schema,)
    )
    return [table for (table,) in rows.fetchall()]


def show(connection: Connection, schema: str) -> None:
    """Makes the views onto the tables of a build."""
    for table in tables(connection, schema):
        view = sql.Identifier(VIEWS, table)
        connection.execute(
            sql.SQL("create view {} as select * from {}").format(
                view, sql.Identifier(schema, table)
            )
        )
        connection.execute(
            sql.SQL("grant select on {} to {}").format(view, sql.Identifier(READ_ROLE))
        )


def hide(connection: Connection, schema: str) -> None:
    """Drops the views onto the tables of a build."""
    for table in tables(connection, schema):
        connection.execute(sql.SQL("drop view if exists {}").format(sql.Identifier(VIEWS, table)))


def first_schema(projection: Projection) -> str:
    return f"{projection.name}_v{projection.version}"


def next_schema(connection: Connection, projection: Projection) -> str:
    """A name that no build of this version has."""
    first = first_schema(projection)
    rows = connection.execute(
        "select nspname::text from pg_namespace where nspname = %s or nspname like %s",
        (first, first.replace("_", r"\_") + r"\_b%"),
    )
    taken = {name for (name,) in rows.fetchall()}
    if not taken:
        return first
    numbers = [int(name.rpartition("_b")[2]) for name in taken if name != first]
    return f"{first}_b{max(numbers, default=1) + 1}"
