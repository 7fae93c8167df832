"""Everything in the operational tables that is sealed under a wrapping key, and its sealing anew.

A rotation goes through `SEALED`: what isn't listed there is lost when its key is deleted.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple
from uuid import UUID

from psycopg import Connection, sql
from psycopg.rows import tuple_row

from access.seal import Keyring, Seal, sealed_under

TOTP: Final = "totp"
SINGLE_SIGN_ON: Final = "single sign-on"
CHECKPOINTS: Final = "checkpoints"
BATCH: Final = 200

Row = tuple[Any, ...]


class SealedColumn(NamedTuple):
    """A column of sealed bytes, each bound to the value of `bound_to`, a key of the table, and to
    that of `and_to` after a line break."""

    table: str
    column: str
    bound_to: str
    purpose: str | None
    schema: str = "access"
    and_to: str | None = None


SEALED: Final = (
    SealedColumn("signing_keys", "sealed_private_key", "kid", None),
    SealedColumn("totp", "sealed_secret", "learner_id", TOTP),
    SealedColumn("sso_sessions", "sealed_token", "session_id", SINGLE_SIGN_ON),
    SealedColumn("sso_challenges", "sealed_token", "token_hash", SINGLE_SIGN_ON),
    SealedColumn("sso_logins", "nonce", "state_hash", SINGLE_SIGN_ON),
    SealedColumn("sso_logins", "verifier", "state_hash", SINGLE_SIGN_ON),
    SealedColumn("sso_codes", "proof", "code_hash", SINGLE_SIGN_ON),
    SealedColumn(
        "signing_keys", "sealed_private_key", "kid", CHECKPOINTS, schema="seals", and_to="origin"
    ),
)


def reseal(connection: Connection[Any], keys: Keyring, key_id: str) -> int:
    """Seals anew what isn't sealed under `key_id`, the present key; how much it was.

    Needs the owner of the tables, in autocommit mode. What changes meanwhile stays as it is then.
    """
    return sum(_reseal(connection, Seal(keys, each.purpose), each, key_id) for each in SEALED)


def count_sealed(connection: Connection[Any]) -> dict[str, int]:
    """How many secrets are sealed under each wrapping key, by its id."""
    counted: dict[str, int] = {}
    for each in SEALED:
        for _, sealed, _ in _rows(connection, each):
            key_id = sealed_under(sealed)
            counted[key_id] = counted.get(key_id, 0) + 1
    return counted


def _reseal(connection: Connection[Any], seal: Seal, column: SealedColumn, key_id: str) -> int:
    update = sql.SQL("UPDATE {table} SET {column} = %s WHERE {key} = %s AND {column} = %s")
    statement = update.format(**_names(column))
    resealed = 0
    for bound_to, sealed, context in _rows(connection, column):
        if sealed_under(sealed) != key_id:
            renewed = seal.resealed(sealed, context)
            resealed += connection.execute(statement, (renewed, bound_to, sealed)).rowcount
    return resealed


def _rows(connection: Connection[Any], column: SealedColumn) -> Iterator[Row]:
    """(key, sealed bytes, what they are bound to) of each row, in pages of the key's order."""
    page = sql.SQL(
        "SELECT {key}, {column}, {and_to} FROM {table} {after} ORDER BY {key} LIMIT {limit}"
    )
    names = _names(column)
    after: sql.Composable = sql.SQL("")
    while True:
        query = page.format(**names, after=after, limit=sql.Literal(BATCH))
        rows = connection.cursor(row_factory=tuple_row).execute(query).fetchall()
        for key, sealed, more in rows:
            yield key, sealed, _context(key) + (b"" if more is None else f"\n{more}".encode())
        if len(rows) < BATCH:
            return
        after = sql.SQL("WHERE {key} > {last}").format(**names, last=sql.Literal(rows[-1][0]))


def _names(column: SealedColumn) -> dict[str, sql.Composable]:
    return {
        "table": sql.Identifier(column.schema, column.table),
        "and_to": sql.Identifier(column.and_to) if column.and_to else sql.NULL,
        "column": sql.Identifier(column.column),
        "key": sql.Identifier(column.bound_to),
    }


def _context(bound_to: UUID | str | bytes) -> bytes:
    if isinstance(bound_to, UUID):
        return bound_to.bytes
    return bound_to.encode() if isinstance(bound_to, str) else bound_to
