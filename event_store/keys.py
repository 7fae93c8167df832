"""Personal data is sealed under a key of the person it is about.

Each person has an AES-256 key, kept in `event_store.personal_keys`, wrapped by the master key.
Destroying the row's key makes everything sealed under it unreadable, wherever it was copied.
"""

import base64
import os
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg import Connection
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool

PREFIX = "sealed.v1."
NONCE_BYTES = 12
CACHE_SECONDS = 30.0
"""An erasure in another process is honoured after this long at most."""
CACHE_SIZE = 20_000


class PersonErased(LookupError):
    """The person's key has been destroyed."""


class PersonalKeys:
    """The keys of all persons; thread-safe.

    `master_key` is 32 bytes. Raises `ValueError` for another length, and when a key was wrapped by
    another master key.
    """

    def __init__(self, pool: ConnectionPool[Connection[Any]], master_key: bytes) -> None:
        self._pool = pool
        self._master = AESGCM(master_key)
        self._cache: dict[UUID, tuple[AESGCM | None, float]] = {}

    def seal(self, person: UUID, plain: bytes, context: bytes) -> str:
        """Seals `plain` under the person's key, bound to `context` (the stream and the field)."""
        key = self._key(person) or self._create(person)
        nonce = os.urandom(NONCE_BYTES)
        return PREFIX + base64.b64encode(nonce + key.encrypt(nonce, plain, context)).decode()

    def unseal(self, person: UUID, sealed: str, context: bytes) -> bytes:
        """The plain bytes. Raises `PersonErased` when the key is gone."""
        key = self._key(person)
        if key is None:
            raise PersonErased(person)
        raw = base64.b64decode(sealed.removeprefix(PREFIX))
        try:
            return key.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], context)
        except InvalidTag:
            raise ValueError(f"A sealed field of {person} was tampered with or moved.") from None

    def forget(self, person: UUID) -> None:
        """Takes the person's key out of memory: it is looked up when it is needed next."""
        self._cache.pop(person, None)

    def ensure(self, persons: Sequence[UUID]) -> None:
        """Makes keys for those of `persons` who have none, and holds all ready to be used.

        Sealing does this by itself, one person at a time; this is for many at once.
        """
        wrapped = [self._new_key(person) for person in persons]
        with self._pool.connection() as connection:
            connection.execute(
                "INSERT INTO event_store.personal_keys (person_id, wrapped_key)"
                " SELECT * FROM unnest(%s::uuid[], %s::bytea[]) ON CONFLICT DO NOTHING",
                (list(persons), wrapped),
            )
            rows = (
                connection.cursor(row_factory=dict_row)
                .execute(
                    "SELECT person_id, wrapped_key, destroyed_at FROM event_store.personal_keys"
                    " WHERE person_id = ANY(%s)",
                    (list(persons),),
                )
                .fetchall()
            )
        for row in rows:
            self._remember(row["person_id"], row)

    def _key(self, person: UUID) -> AESGCM | None:
        cached = self._cache.get(person)
        if cached and cached[1] > time.monotonic():
            return cached[0]
        with self._pool.connection() as connection:
            row = (
                connection.cursor(row_factory=dict_row)
                .execute(
                    "SELECT wrapped_key, destroyed_at FROM event_store.personal_keys"
                    " WHERE person_id = %s",
                    (person,),
                )
                .fetchone()
            )
        return self._remember(person, row)

    def _create(self, person: UUID) -> AESGCM:
        wrapped = self._new_key(person)
        with self._pool.connection() as connection:
            connection.execute(
                "INSERT INTO event_store.personal_keys (person_id, wrapped_key) VALUES (%s, %s)"
                " ON CONFLICT DO NOTHING",
                (person, wrapped),
            )
        self._cache.pop(person, None)
        key = self._key(person)
        if key is None:
            raise PersonErased(person)
        return key

    def _new_key(self, person: UUID) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._master.encrypt(nonce, AESGCM.generate_key(256), person.bytes)

    def _unwrap(self, person: UUID, wrapped: bytes) -> bytes:
        try:
            return self._master.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], person.bytes)
        except InvalidTag:
            raise ValueError(f"The key of {person} is wrapped by another master key.") from None

    def _remember(self, person: UUID, row: Any) -> AESGCM | None:
        if row is None:
            return None
        wrapped, destroyed_at = row["wrapped_key"], row["destroyed_at"]
        key = None
        if destroyed_at is None:
            key = AESGCM(self._unwrap(person, wrapped))
        if len(self._cache) >= CACHE_SIZE:
            self._cache.clear()
        self._cache[person] = (key, time.monotonic() + CACHE_SECONDS)
        return key
