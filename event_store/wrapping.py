"""Wrapping keys: they stand between the master key and all that it protects.

A handful of rows, wrapped by the master key, opened once in each process. The highest generation
wraps whatever is new; older ones open what they have wrapped until a rotation has wrapped it anew.
The first is the master key's own bytes where those are known, because that is what wrapped
everything before there were any. Generation 0 never changes: it keys hashes, which can't be made
anew.
"""

import os
import threading
import time
from datetime import datetime
from typing import Any, Final

import msgspec
import psycopg
from psycopg import Connection
from psycopg.rows import class_row
from psycopg_pool import ConnectionPool

from event_store.errors import MasterKeyUnavailable, WrongMasterKey
from event_store.master_key import KEY_BYTES, KnownMasterKey, MasterKey, unwrap

FIRST: Final = "first"
HASHING: Final = "hashing"
CURRENT_SECONDS: Final = 5.0
"""After a rotation has begun, no process wraps under the former key for longer than this."""

SELECT: Final = (
    "SELECT key_id, generation, wrapped_key, wrapped_by, created_at FROM event_store.wrapping_keys"
    " ORDER BY generation"
)


class WrappingKeyRow(msgspec.Struct, frozen=True):
    """A wrapping key as it stands in the database."""

    key_id: str
    generation: int
    wrapped_key: bytes
    wrapped_by: str
    created_at: datetime

    @property
    def context(self) -> bytes:
        return context_of(self.key_id)


class WrappingKey(msgspec.Struct, frozen=True):
    """A wrapping key, open."""

    key_id: str
    key: bytes

    def __repr__(self) -> str:
        return f"WrappingKey({self.key_id!r})"


class WrappingKeys:
    """All of them; thread-safe. `current` needs `lms_write`, the rest only to read.

    Raises `WrongMasterKey`, and `MasterKeyUnavailable` for a key that wasn't opened here before.
    """

    def __init__(self, pool: ConnectionPool[Connection[Any]], master: bytes | MasterKey) -> None:
        self._pool = pool
        self.master: MasterKey = KnownMasterKey(master) if isinstance(master, bytes) else master
        self._open: dict[str, bytes] = {}
        self._current: WrappingKey | None = None
        self._looked_up_at = float("-inf")
        self._lock = threading.Lock()

    def current(self) -> WrappingKey:
        """What wraps whatever is new; there is one from the first call on."""
        current = self._current
        if current and time.monotonic() - self._looked_up_at < CURRENT_SECONDS:
            return current
        with self._lock:
            row = (self._rows() or self._begin())[-1]
            self._current = current = WrappingKey(row.key_id, self._opened(row))
            self._looked_up_at = time.monotonic()
        return current

    def forget_current(self) -> None:
        """Look at the database before anything is wrapped again."""
        self._looked_up_at = float("-inf")

    def key(self, key_id: str | None) -> bytes:
        """The wrapping key of that id; without one, the first.

        Raises `WrongMasterKey` for an id that nobody knows.
        """
        key_id = key_id or FIRST
        known = self._open.get(key_id)
        if known is not None:
            return known
        row = next((row for row in self._rows() if row.key_id == key_id), None)
        if row is not None:
            return self._opened(row)
        if key_id in (FIRST, HASHING) and self.master.first is not None:
            return self.master.first
        raise WrongMasterKey(f"There is no wrapping key {key_id}.")

    @property
    def hashing(self) -> bytes:
        """32 bytes that key hashes and derived secrets; they outlive every rotation."""
        return self.key(HASHING)

    def _rows(self) -> list[WrappingKeyRow]:
        with self._pool.connection() as connection:
            return rows(connection)

    def _opened(self, row: WrappingKeyRow) -> bytes:
        known = self._open.get(row.key_id)
        if known is None:
            known = self._open[row.key_id] = open_row(self.master, row)
        return known

    def _begin(self) -> list[WrappingKeyRow]:
        """Makes the first keys; of processes that start at once one does."""
        first = self.master.first
        with self._pool.connection() as connection:
            if first is not None:
                _check_first(connection, first)
            for generation, key_id in enumerate((HASHING, FIRST)):
                add_row(connection, self.master, key_id, generation, first)
            return rows(connection)


def rows(connection: Connection[Any]) -> list[WrappingKeyRow]:
    """All of them, the one that wraps last."""
    return connection.cursor(row_factory=class_row(WrappingKeyRow)).execute(SELECT).fetchall()


def open_row(master: MasterKey, row: WrappingKeyRow) -> bytes:
    """Raises `WrongMasterKey`, `MasterKeyUnavailable`."""
    try:
        return master.unwrap(row.wrapped_by, row.wrapped_key, row.context)
    except ConnectionError as error:
        raise MasterKeyUnavailable(f"The master key is out of reach: {error}") from error
    except ValueError as error:
        raise WrongMasterKey(
            f"The wrapping key {row.key_id} is wrapped by another master key, {row.wrapped_by}."
        ) from error


def wrap_row(master: MasterKey, key_id: str, key: bytes) -> bytes:
    """A wrapping key as it is kept. Raises `MasterKeyUnavailable`."""
    try:
        return master.wrap(key, context_of(key_id))
    except ConnectionError as error:
        raise MasterKeyUnavailable(f"The master key is out of reach: {error}") from error


def add_row(
    connection: Connection[Any],
    master: MasterKey,
    key_id: str,
    generation: int,
    key: bytes | None = None,
) -> bool:
    """Adds a wrapping key, a new one unless it is given; False when somebody else was first."""
    wrapped = wrap_row(master, key_id, key or os.urandom(KEY_BYTES))
    added = connection.execute(
        "INSERT INTO event_store.wrapping_keys (key_id, generation, wrapped_key, wrapped_by)"
        " VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (key_id, generation, wrapped, master.key_id),
    )
    return added.rowcount == 1


def context_of(key_id: str) -> bytes:
    """What a wrapping key is bound to."""
    return b"lms wrapping key " + key_id.encode()


def _check_first(connection: Connection[Any], first: bytes) -> None:
    """A wrong master key must not pass for the one that has wrapped what is there already."""
    row = (
        connection.cursor(row_factory=psycopg.rows.tuple_row)
        .execute(
            "SELECT person_id, wrapped_key FROM event_store.personal_keys"
            " WHERE wrapped_by IS NULL AND wrapped_key IS NOT NULL LIMIT 1"
        )
        .fetchone()
    )
    if row is None:
        return
    try:
        unwrap(first, row[1], row[0].bytes)
    except ValueError:
        raise WrongMasterKey("What is there is wrapped by another master key.") from None
