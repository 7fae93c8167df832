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
    "SELECT name, version, schema, position FROM projections.position"
    " WHERE name = %s AND state = 'live'"
)


def live(connection: Connection, name: str, *, lock: bool = False) -> Build | None:
    """The build that serves, if there is one; `lock` stops its runner until the commit."""
    cursor = connection.cursor(row_factory=class_row(Build))
    return cursor.execute(_LIVE + (" for update" if lock else ""), (name,)).fetchone()


def create(conninfo: str, projection: Projection, schema: str, state: str) -> None:
    """Makes the empty tables of a build at position 0. The caller shows them."""
    with connect(conninfo, schema) as connection, connection.transaction():
        connection.execute("SELECT projections.create_schema(%s)", (schema,))
        connection.execute(projection.schema.encode(), prepare=False)
        connection.execute(
            "INSERT INTO projections.position (schema, name, version, state)"
            " VALUES (%s, %s, %s, %s)",
            (schema, projection.name, projection.version, state),
        )
        if state == "live":
            show(connection, schema)


def drop(connection: Connection, schema: str) -> None:
    """Removes the tables of a build and all that is known of it."""
    with connection.transaction():
        connection.execute("SET LOCAL lock_timeout = '1s'")
        connection.execute("SELECT projections.drop_schema(%s)", (schema,))
        connection.execute("DELETE FROM projections.position WHERE schema = %s", (schema,))


def tables(connection: Connection, schema: str) -> list[str]:
    rows = connection.execute(
        "SELECT tablename::text FROM pg_tables WHERE schemaname = %s ORDER BY 1", (schema,)
    )
    return [table for (table,) in rows.fetchall()]


def columns(connection: Connection, schema: str, table: str) -> list[str]:
    """In order; empty when there is no such table."""
    rows = connection.execute(
        "SELECT attname::text FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid"
        " WHERE relnamespace = to_regnamespace(%s) AND relname = %s"
        " AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        (schema, table),
    )
    return [column for (column,) in rows.fetchall()]


def show(connection: Connection, schema: str) -> None:
    """Makes the views onto the tables of a build."""
    for table in tables(connection, schema):
        view = sql.Identifier(VIEWS, table)
        connection.execute(
            sql.SQL("CREATE VIEW {} AS SELECT * FROM {}").format(
                view, sql.Identifier(schema, table)
            )
        )
        connection.execute(
            sql.SQL("GRANT SELECT ON {} TO {}").format(view, sql.Identifier(READ_ROLE))
        )


def hide(connection: Connection, schema: str) -> None:
    """Drops the views onto the tables of a build."""
    for table in tables(connection, schema):
        connection.execute(sql.SQL("DROP VIEW IF EXISTS {}").format(sql.Identifier(VIEWS, table)))


def first_schema(projection: Projection) -> str:
    return f"{projection.name}_v{projection.version}"


def next_schema(connection: Connection, projection: Projection) -> str:
    """A name that no build of this version has."""
    first = first_schema(projection)
    rows = connection.execute(
        "SELECT nspname::text FROM pg_namespace WHERE nspname = %s OR nspname LIKE %s",
        (first, first.replace("_", r"\_") + r"\_b%"),
    )
    taken = {name for (name,) in rows.fetchall()}
    if not taken:
        return first
    numbers = [int(name.rpartition("_b")[2]) for name in taken if name != first]
    return f"{first}_b{max(numbers, default=1) + 1}"
