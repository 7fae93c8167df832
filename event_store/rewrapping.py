"""Wraps what the wrapping keys have wrapped anew, while everything runs; as the tables' owner.

Each step is a short transaction that is good by itself: whoever is killed on the way is gone on
after by the next, and two at once share the work. The keys of persons don't change, so neither does
anything that is sealed under them.
"""

import os
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from psycopg import Connection
from psycopg.rows import scalar_row, tuple_row

from event_store.errors import WrongMasterKey
from event_store.keys import wrapping_context
from event_store.master_key import MasterKey, unwrap, wrap
from event_store.wrapping import (
    FIRST,
    WrappingKey,
    WrappingKeyRow,
    WrappingKeys,
    add_row,
    open_row,
    rows,
    wrap_row,
)

BATCH: Final = 500
LOCKED_SECONDS: Final = 0.05
"""Between two looks at rows that somebody else holds."""
SUPERSEDED_FOR: Final = timedelta(minutes=10)
"""How long after its successor came a key may be deleted: nobody seals under it any more by far."""

_BATCH: Final = f"""
SELECT person_id, wrapped_key, coalesce(wrapped_by, '{FIRST}') FROM event_store.personal_keys
WHERE wrapped_key IS NOT NULL AND wrapped_by IS DISTINCT FROM %(to)s
    AND (%(after)s::uuid IS NULL OR person_id > %(after)s)
ORDER BY person_id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
"""
_UPDATE: Final = """
UPDATE event_store.personal_keys AS kept SET wrapped_key = new.wrapped_key, wrapped_by = %s
FROM unnest(%s::uuid[], %s::bytea[]) AS new (person_id, wrapped_key)
WHERE kept.person_id = new.person_id
"""
_LEFT: Final = (
    "SELECT EXISTS (SELECT FROM event_store.personal_keys"
    " WHERE wrapped_key IS NOT NULL AND wrapped_by IS DISTINCT FROM %s)"
)
_USED: Final = (
    f"SELECT coalesce(wrapped_by, '{FIRST}'), count(*) FROM event_store.personal_keys"
    " WHERE wrapped_key IS NOT NULL GROUP BY 1"
)


class KeyState(msgspec.Struct, frozen=True):
    """A wrapping key, what wraps it, and how much is wrapped by it.

    `state`: it wraps what is `new`, it `hashes`, is still `used`, is `unused`, or could be deleted
    (`deletable`).
    """

    key_id: str
    generation: int
    created_at: datetime
    master_key_id: str
    persons: int
    secrets: int
    state: str


def begin(connection: Connection[Any], master: MasterKey, former: WrappingKeyRow) -> WrappingKeyRow:
    """The key that follows `former`: a new one, unless somebody else has just made one."""
    add_row(connection, master, os.urandom(8).hex(), former.generation + 1)
    return rows(connection)[-1]


def rewrap_persons(connection: Connection[Any], keys: WrappingKeys, to: WrappingKey) -> int:
    """Wraps the keys of all persons by `to`; returns how many were wrapped by another.

    `connection` is in autocommit mode. Waits for rows that somebody holds: an erasure under way.
    """
    rewrapped, after = 0, None
    while True:
        done, after = _rewrap_batch(connection, keys, to, after)
        rewrapped += done
        if after is None:
            if not _scalar(connection, _LEFT, to.key_id):
                break
            if not done:
                time.sleep(LOCKED_SECONDS)
    connection.execute(
        "UPDATE event_store.personal_keys SET wrapped_by = NULL"
        " WHERE wrapped_key IS NULL AND wrapped_by IS NOT NULL"
    )
    return rewrapped


def rewrap_wrapping_keys(connection: Connection[Any], master: MasterKey) -> list[str]:
    """Wraps the wrapping keys by the present master key; the ids of those that wrapped them."""
    former = set()
    for row in rows(connection):
        if row.wrapped_by != master.key_id:
            wrapped = wrap_row(master, row.key_id, open_row(master, row))
            connection.execute(
                "UPDATE event_store.wrapping_keys SET wrapped_key = %s, wrapped_by = %s"
                " WHERE key_id = %s",
                (wrapped, master.key_id, row.key_id),
            )
            former.add(row.wrapped_by)
    return sorted(former)


def states(connection: Connection[Any], secrets: Mapping[str, int]) -> list[KeyState]:
    """All wrapping keys; `secrets` says how many sealed secrets need which."""
    used: dict[str, int] = dict(connection.cursor(row_factory=tuple_row).execute(_USED).fetchall())
    now = _scalar(connection, "SELECT clock_timestamp()")
    found = rows(connection)
    successors = [*found[1:], None]
    return [
        KeyState(
            key_id=row.key_id,
            generation=row.generation,
            created_at=row.created_at,
            master_key_id=row.wrapped_by,
            persons=used.get(row.key_id, 0),
            secrets=secrets.get(row.key_id, 0),
            state=_state(row, after, used.get(row.key_id, 0) + secrets.get(row.key_id, 0), now),
        )
        for row, after in zip(found, successors, strict=True)
    ]


def delete(connection: Connection[Any], key_id: str) -> None:
    """Deletes a wrapping key. The database refuses while the key of some person needs it."""
    connection.execute("DELETE FROM event_store.wrapping_keys WHERE key_id = %s", (key_id,))


def _state(row: WrappingKeyRow, successor: WrappingKeyRow | None, used: int, now: datetime) -> str:
    if row.generation == 0:
        return "hashes"
    if successor is None:
        return "new"
    if used:
        return "used"
    return "deletable" if now - successor.created_at > SUPERSEDED_FOR else "unused"


def _rewrap_batch(
    connection: Connection[Any], keys: WrappingKeys, to: WrappingKey, after: Any
) -> tuple[int, Any]:
    """How many, and the last person; None instead of a person at the end of the table."""
    with connection.transaction():
        batch = (
            connection.cursor(row_factory=tuple_row)
            .execute(_BATCH, {"to": to.key_id, "after": after, "limit": BATCH})
            .fetchall()
        )
        if not batch:
            return 0, None
        persons = [person for person, _, _ in batch]
        wrapped = [_rewrapped(keys, to, *row) for row in batch]
        connection.execute(_UPDATE, (to.key_id, persons, wrapped))
    return len(batch), persons[-1]


def _rewrapped(
    keys: WrappingKeys, to: WrappingKey, person: Any, wrapped: bytes, wrapped_by: str
) -> bytes:
    context = wrapping_context(person)
    try:
        plain = unwrap(keys.key(wrapped_by), wrapped, context)
    except ValueError:
        raise WrongMasterKey(f"The key of {person} is wrapped by another master key.") from None
    return wrap(to.key, plain, context)


def _scalar(connection: Connection[Any], query: str, *params: Any) -> Any:
    return connection.cursor(row_factory=scalar_row).execute(query, params).fetchone()
