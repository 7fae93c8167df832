"""Texts of records that can expire have keys of their own, which are deleted when they do.

Such a text is sealed twice: under a new key of that text alone, and around that under the key of
the person. So either makes it unreadable when it is gone; and a key of a text, which opens nothing
by itself, is kept as it is.
"""

import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg import Connection
from psycopg.rows import tuple_row
from psycopg_pool import ConnectionPool

PREFIX: Final = "sealed.v2."
"""Then the key's id in hex, a dot, and what is sealed under the person's key."""
NONCE_BYTES: Final = 12
CACHE_SECONDS: Final = 30.0
"""An expiry in another process is honoured after this long at most."""
CACHE_SIZE: Final = 20_000
READ_AHEAD: Final = 100
"""Keys that are fetched with one that is missed: those made after it, read next in history."""

INSERT: Final = (
    "INSERT INTO event_store.record_keys (key_id, stream_id, person_id, key)"
    " SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::bytea[])"
)
_FROM: Final = (
    "SELECT key_id, key FROM event_store.record_keys WHERE key_id >= %s ORDER BY key_id LIMIT %s"
)

Statement = tuple[str, Sequence[Any]]


class RecordExpired(LookupError):
    """The text's key has been deleted."""


class RecordKey(msgspec.Struct, frozen=True):
    """The key of one text in a stream about a person."""

    key_id: UUID
    stream_id: UUID
    person_id: UUID
    key: bytes

    def __repr__(self) -> str:
        return f"RecordKey({self.key_id})"

    def seal(self, plain: bytes, context: bytes) -> bytes:
        """AES-256-GCM; the nonce stands in front."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + AESGCM(self.key).encrypt(nonce, plain, context)


class RecordKeys:
    """The keys of all texts; thread-safe."""

    def __init__(self, pool: ConnectionPool[Connection[Any]]) -> None:
        self._pool = pool
        self._here = threading.local()
        self._cache: dict[UUID, tuple[AESGCM | None, float]] = {}

    def new(self, stream_id: UUID, person_id: UUID) -> RecordKey:
        """A new key: kept at once, or by whoever collects what is made on this thread."""
        key = RecordKey(_new_id(), stream_id, person_id, os.urandom(32))
        collected: list[RecordKey] | None = getattr(self._here, "collected", None)
        if collected is None:
            with self._pool.connection() as connection:
                connection.execute(*kept_statement([key]))
        else:
            collected.append(key)
        return key

    @contextmanager
    def collected(self) -> Iterator[list[RecordKey]]:
        """The keys that this thread makes meanwhile, to be kept in the transaction of the events
        that need them."""
        found: list[RecordKey] = []
        self._here.collected = found
        try:
            yield found
        finally:
            self._here.collected = None

    def unseal(self, key_id: UUID, sealed: bytes, context: bytes) -> bytes:
        """The plain bytes. Raises `RecordExpired`, and `ValueError` for what was tampered with."""
        key = self._key(key_id)
        if key is None:
            raise RecordExpired(key_id)
        try:
            return key.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context)
        except InvalidTag:
            raise ValueError(f"A text sealed by {key_id} was tampered with or moved.") from None

    def _key(self, key_id: UUID) -> AESGCM | None:
        cached = self._cache.get(key_id)
        if cached and cached[1] > time.monotonic():
            return cached[0]
        keys: dict[UUID, AESGCM | None] = {key_id: None, **self._fetch(key_id)}
        if len(self._cache) >= CACHE_SIZE:
            self._cache.clear()
        until = time.monotonic() + CACHE_SECONDS
        self._cache.update((id, (key, until)) for id, key in keys.items())
        return keys[key_id]

    def _fetch(self, key_id: UUID) -> dict[UUID, AESGCM]:
        with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=tuple_row)
            found = cursor.execute(_FROM, (key_id, READ_AHEAD)).fetchall()
        return {id: AESGCM(key) for id, key in found}


def kept_statement(keys: Sequence[RecordKey]) -> Statement:
    """Keeps new keys, in the transaction of the events that need them."""
    return INSERT, tuple(map(list, zip(*map(msgspec.structs.astuple, keys), strict=True)))


def expired_statement(stream_id: UUID) -> Statement:
    """Makes the texts of a stream unreadable, in the transaction of the event that says so."""
    return "DELETE FROM event_store.record_keys WHERE stream_id = %s", (stream_id,)


def _new_id() -> UUID:
    return UUID(bytes=time.time_ns().to_bytes(8) + os.urandom(8))
