"""Personal data is sealed under a key of the person it is about.

Each person has an AES-256 key, kept in `event_store.personal_keys`, wrapped by a wrapping key that
the row names. Destroying the row's key makes everything sealed under it unreadable, wherever it was
copied.
"""

import base64
import os
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg import Connection
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool

from event_store import record_keys
from event_store.errors import WrongMasterKey
from event_store.master_key import MasterKey, unwrap, wrap
from event_store.record_keys import RecordKeys
from event_store.wrapping import WrappingKeys

PREFIX = "sealed.v1."
NONCE_BYTES = 12
CACHE_SECONDS = 30.0
"""An erasure in another process is honoured after this long at most."""
CACHE_SIZE = 20_000


_SELECT = "SELECT person_id, wrapped_key, wrapped_by, destroyed_at FROM event_store.personal_keys"


class PersonErased(LookupError):
    """The person's key has been destroyed."""


class PersonalKeys:
    """The keys of all persons; thread-safe.

    `master` is the master key, or its 32 bytes. Raises `WrongMasterKey` when something was wrapped
    by another one, `MasterKeyUnavailable` for a key that needs it while it is out of reach.
    """

    def __init__(self, pool: ConnectionPool[Connection[Any]], master: bytes | MasterKey) -> None:
        self._pool = pool
        self.wrapping = WrappingKeys(pool, master)
        self.records = RecordKeys(pool)
        self._cache: dict[UUID, tuple[AESGCM | None, float]] = {}

    def seal(self, person: UUID, plain: bytes, context: bytes) -> str:
        """Seals `plain` under the person's key, bound to `context` (the stream and the field)."""
        key = self._key(person) or self._create(person)
        nonce = os.urandom(NONCE_BYTES)
        return PREFIX + base64.b64encode(nonce + key.encrypt(nonce, plain, context)).decode()

    def seal_record(self, stream_id: UUID, person: UUID, plain: bytes, context: bytes) -> str:
        """Seals a text of a record: under a new key of that text, and around it the person's."""
        key = self.records.new(stream_id, person)
        outer = self.seal(person, key.seal(plain, context), context)
        return f"{record_keys.PREFIX}{key.key_id.hex}.{outer}"

    def unseal(self, person: UUID, sealed: str, context: bytes) -> bytes:
        """The plain bytes. Raises `PersonErased` when the key is gone, and `RecordExpired` when
        the one of a record is."""
        if not sealed.startswith(record_keys.PREFIX):
            return self._unseal(person, sealed, context)
        key_id, _, outer = sealed.removeprefix(record_keys.PREFIX).partition(".")
        return self.records.unseal(UUID(key_id), self._unseal(person, outer, context), context)

    def _unseal(self, person: UUID, sealed: str, context: bytes) -> bytes:
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
        self._insert(persons)
        with self._pool.connection() as connection:
            rows = (
                connection.cursor(row_factory=dict_row)
                .execute(f"{_SELECT} WHERE person_id = ANY(%s)", (list(persons),))
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
                .execute(f"{_SELECT} WHERE person_id = %s", (person,))
                .fetchone()
            )
        return self._remember(person, row)

    def _create(self, person: UUID) -> AESGCM:
        self._insert([person])
        self._cache.pop(person, None)
        key = self._key(person)
        if key is None:
            raise PersonErased(person)
        return key

    def _insert(self, persons: Sequence[UUID]) -> None:
        try:
            self._insert_under_current(persons)
        except psycopg.errors.ForeignKeyViolation:
            # The wrapping key known here was rotated out and deleted a moment ago.
            self.wrapping.forget_current()
            self._insert_under_current(persons)

    def _insert_under_current(self, persons: Sequence[UUID]) -> None:
        by = self.wrapping.current()
        wrapped = [
            wrap(by.key, AESGCM.generate_key(256), wrapping_context(person)) for person in persons
        ]
        with self._pool.connection() as connection:
            connection.execute(
                "INSERT INTO event_store.personal_keys (person_id, wrapped_key, wrapped_by)"
                " SELECT person_id, wrapped_key, %s"
                " FROM unnest(%s::uuid[], %s::bytea[]) AS new (person_id, wrapped_key)"
                " ON CONFLICT DO NOTHING",
                (by.key_id, list(persons), wrapped),
            )

    def _remember(self, person: UUID, row: Any) -> AESGCM | None:
        if row is None:
            return None
        key = None
        if row["destroyed_at"] is None:
            key = self._known(person) or AESGCM(self._unwrap(person, row))
        if len(self._cache) >= CACHE_SIZE:
            self._cache.clear()
        self._cache[person] = (key, time.monotonic() + CACHE_SECONDS)
        return key

    def _known(self, person: UUID) -> AESGCM | None:
        """A person's key never changes, only what wraps it, and whether it is there."""
        cached = self._cache.get(person)
        return cached[0] if cached else None

    def _unwrap(self, person: UUID, row: Any) -> bytes:
        by = self.wrapping.key(row["wrapped_by"])
        try:
            return unwrap(by, row["wrapped_key"], wrapping_context(person))
        except ValueError:
            raise WrongMasterKey(f"The key of {person} is wrapped by another master key.") from None


def wrapping_context(person: UUID) -> bytes:
    """What a person's wrapped key is bound to."""
    return person.bytes
