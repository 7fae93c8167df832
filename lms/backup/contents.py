"""What of the database goes where.

The **history** is kept for as long as the records have to be. The **keys** make its personal fields
readable and let people log in: they are kept for a short time, so that a key that was destroyed is
soon gone from every backup too. What follows from the log, or is stale once it is restored, is in
neither.
"""

from collections.abc import Iterable
from enum import Enum
from typing import Any, Final, NamedTuple

from psycopg import Connection


class Place(Enum):
    """Which archive a table's rows go to."""

    HISTORY = "history"
    KEYS = "keys"
    NOWHERE = "nowhere"


class Table(NamedTuple):
    """A table by its schema and name."""

    schema: str
    name: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"


BUILDS: Final = "*_v[0-9]*"
"""Schemas of read models, as a pattern of pg_dump: rebuilt, and full of personal data."""
VIEWS: Final = "read_models.*"

_REBUILT = {"projections", "read_models"}
_KEYS = {
    Table("event_store", "personal_keys"),
    Table("event_store", "record_keys"),
    Table("event_store", "wrapping_keys"),
}
_NOWHERE = {Table("event_store", "snapshots"), Table("erasure", "scrubs")}
"""Made again by whoever needs one; found again in the log, see `event_store.erasure`."""
_IDS_ONLY = {"departments", "external_identities", "placements", "standing"}
"""Tables of `access` that hold ids and no secret, and which nothing rebuilds."""
_FLEETING = {
    "failed_logins",
    "login_challenges",
    "outgoing_mail",
    "refresh_tokens",
    "refusals",
    "reset_tokens",
    "reset_wishes",
    "sessions",
    "sso_challenges",
    "sso_codes",
    "sso_logins",
    "sso_logout_tokens",
    "sso_sessions",
}
"""Tables of `access` that would be wrong after a restore: an ended session would live again."""

_TABLES = (
    "SELECT nspname::text, relname::text FROM pg_class"
    " JOIN pg_namespace ON pg_namespace.oid = relnamespace"
    r" WHERE relkind IN ('r', 'p') AND nspname !~ '^pg_|_v\d|^information_schema$'"
    " ORDER BY 1, 2"
)


def tables(connection: Connection[Any]) -> list[Table]:
    """All tables but those of read models."""
    return [Table(*row) for row in connection.execute(_TABLES).fetchall()]


def place(table: Table) -> Place:
    """Where a table's rows go. New tables of `access` go to the keys unless they are named here."""
    if table.schema in _REBUILT or table in _NOWHERE:
        return Place.NOWHERE
    if table.schema == "access":
        if table.name in _FLEETING:
            return Place.NOWHERE
        return Place.HISTORY if table.name in _IDS_ONLY else Place.KEYS
    if table.schema == "provisioning" or table in _KEYS:
        return Place.KEYS
    return Place.HISTORY


def placed(found: Iterable[Table], where: Place) -> list[Table]:
    """Those of the tables that go to one place."""
    return [table for table in found if place(table) is where]
