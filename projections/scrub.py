"""Rewrites tables that held clear data of erased people, so that no bytes of it stay in files.

An overwritten row stays in its page until something else needs the place, and VACUUM doesn't wipe
it either. Only a table that is written anew has no old bytes; its indexes are made anew with it.
The same goes for the write-ahead log, whose old files a checkpoint removes.

A column whose statistics target is 0 holds clear personal data: the planner's statistics would be a
copy of it. So that is also how the tables are found.
"""

import logging
from collections.abc import Sequence
from typing import Final

import psycopg
from psycopg import sql

from projections.connection import Connection

logger = logging.getLogger(__name__)

LOCK: Final = 0x6C6D735F73637275  # "lms_scru"
LOCK_TIMEOUT: Final = "3s"
"""Who reads or writes such a table waits no longer for us to get our turn."""

_BEHIND = """
SELECT EXISTS (SELECT FROM projections.position live WHERE live.state <> 'retired'
    AND live.position < (SELECT max(position) FROM event_store.events
                         WHERE stream_id = ANY(%s) AND type LIKE 'erasure.carried_out.v%%'))"""

# Rows that somebody may still look at, in a transaction that began before, would be copied.
_WATCHED = """
SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid <> pg_backend_pid()
    AND datname = current_database()
    AND greatest(age(backend_xid), age(backend_xmin)) > age(%s::text::xid))"""

_TABLES = """
SELECT nspname, relname, has_table_privilege(class.oid, 'MAINTAIN')
FROM pg_class class JOIN pg_namespace space ON space.oid = relnamespace
WHERE relkind = 'r' AND nspname !~ '^pg_'
    AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = class.oid AND attstattarget = 0)
ORDER BY nspname, relname"""

_MAY_CHECKPOINT = (
    "SELECT pg_has_role('pg_checkpoint', 'USAGE')"
    " AND has_function_privilege('pg_switch_wal()', 'EXECUTE')"
)


class NotYet(Exception):
    """A projection is behind, or somebody looks at old rows, or another process scrubs."""


class NotPermitted(Exception):
    """The role of the projector may not rewrite a table with personal data."""


def scrub(connection: Connection, erasures: Sequence[object]) -> list[str]:
    """Rewrites everything in the database that may hold old copies; returns what that was.

    Raises `NotYet` when it has to be tried again, `NotPermitted`, `psycopg.Error`.
    """
    if not _says(connection, "SELECT pg_try_advisory_lock(%s)", LOCK):
        raise NotYet("another process scrubs")
    try:
        _wait_for_nobody(connection, erasures)
        rewritten = _rewrite(connection)
        if _says(connection, _MAY_CHECKPOINT):
            connection.execute("SELECT pg_switch_wal()")
            connection.execute("CHECKPOINT")
            rewritten.append("write-ahead log")
        return rewritten
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s)", (LOCK,))


def tables(connection: Connection) -> list[tuple[str, str, bool]]:
    """Schema and name of each table with clear personal data, and whether it may be rewritten."""
    return connection.execute(_TABLES).fetchall()


def _wait_for_nobody(connection: Connection, erasures: Sequence[object]) -> None:
    if _says(connection, _BEHIND, list(erasures)):
        raise NotYet("a projection is behind")
    row = connection.execute("SELECT pg_current_xact_id()::xid::text").fetchone()
    assert row is not None
    if _says(connection, _WATCHED, row[0]):
        raise NotYet("a transaction is older than the erasure")


def _rewrite(connection: Connection) -> list[str]:
    found = tables(connection)
    refused = [f"{schema}.{table}" for schema, table, permitted in found if not permitted]
    if refused:
        raise NotPermitted(", ".join(refused))
    connection.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
    rewritten = []
    for schema, table, _ in found:
        try:
            connection.execute(sql.SQL("VACUUM (FULL) {}").format(sql.Identifier(schema, table)))
        except psycopg.errors.LockNotAvailable:
            raise NotYet(f"{schema}.{table} is in use") from None
        except psycopg.errors.UndefinedTable:
            continue  # a build that was dropped meanwhile: its files are gone
        rewritten.append(f"{schema}.{table}")
    return rewritten


def _says(connection: Connection, query: str, *params: object) -> bool:
    row = connection.execute(query, params).fetchone()
    return row is not None and bool(row[0])
