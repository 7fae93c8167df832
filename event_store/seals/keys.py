"""The keys that sign checkpoints: Ed25519 pairs of their own, apart from those of access tokens.

The private half is in Postgres only sealed, under what the master key wraps, which is not in the
database; so whoever has the database can sign nothing. The seal is bound to the public half and the
origin: a key that a superuser adds doesn't open, and what it has signed is not believed.
"""

import hashlib
import json
import os
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec
import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from psycopg import Connection
from psycopg.rows import class_row, scalar_row

from event_store.errors import WrongMasterKey
from event_store.seals.checkpoint import verifier_key

_COLUMNS = "generation, kid, origin, public_key, created_at"
_SEALED = "SELECT sealed_private_key FROM seals.signing_keys WHERE kid = %s"


class NotOurKey(Exception):
    """A key's private half doesn't open: another master key wrapped it, or somebody else."""


class Sealing(Protocol):
    """Seals secrets under a key that isn't in the database, bound to a context."""

    def seal(self, plain: bytes, context: bytes) -> bytes: ...

    def open(self, sealed: bytes, context: bytes) -> bytes:
        """Raises `ValueError` for what was sealed elsewhere, for something else, or changed."""


class PublicKey(msgspec.Struct, frozen=True):
    """The public half, open to all. The highest generation signs."""

    generation: int
    kid: str
    origin: str
    public_key: bytes
    created_at: datetime

    @property
    def key(self) -> Ed25519PublicKey:
        return Ed25519PublicKey.from_public_bytes(self.public_key)

    def jwk(self) -> dict[str, str]:
        """As a JSON Web Key (RFC 8037) with the origin, and in the form of signed notes."""
        return {
            "kty": "OKP",
            "crv": "Ed25519",
            "x": _base64url(self.public_key),
            "kid": self.kid,
            "use": "sig",
            "alg": "EdDSA",
            "origin": self.origin,
            "note_key": verifier_key(self.origin, self.key),
        }


class SealingKey(msgspec.Struct, frozen=True):
    """A pair that can sign."""

    kid: str
    origin: str
    private_key: Ed25519PrivateKey


PUBLIC_KEYS = f"SELECT {_COLUMNS} FROM seals.signing_keys ORDER BY generation DESC"
"""SQL: all public halves, as `PublicKey`s, the one that signs first."""


def jwks(keys: Sequence[PublicKey]) -> dict[str, list[dict[str, str]]]:
    """The JSON Web Key Set of these keys."""
    return {"keys": [key.jwk() for key in keys]}


class SealingKeys:
    """Opens, makes and rotates them; the connections' role is `lms_seal`.

    `origin` names the log when its first key is made; from then on the name stays.
    """

    def __init__(self, sealing: Sealing, origin: str = "lms") -> None:
        self._sealing = sealing
        self._origin = origin

    def active(self, connection: Connection[Any]) -> SealingKey:
        """The key that signs; the first is made when there is none. Raises NotOurKey."""
        newest = self._newest(connection)
        if newest is None:
            self._add(connection, 1, f"{self._origin}/{os.urandom(4).hex()}")
            newest = self._newest(connection)
        assert newest is not None
        return self._open(connection, newest)

    def rotate(self, connection: Connection[Any]) -> SealingKey:
        """Signs with a new key from now on; what older ones have signed stays valid.

        The former one needn't open any more.
        """
        if self._newest(connection) is None:
            self.active(connection)
        newest = self._newest(connection)
        assert newest is not None
        self._add(connection, newest.generation + 1, newest.origin)
        return self.active(connection)

    def genuine(self, connection: Connection[Any]) -> Mapping[str, Ed25519PublicKey]:
        """The public halves of all keys that are ours, by their ids; others are left out."""
        found = {}
        for key in connection.cursor(row_factory=class_row(PublicKey)).execute(PUBLIC_KEYS):
            try:
                found[key.kid] = self._open(connection, key).private_key.public_key()
            except NotOurKey:
                continue
        return found

    def _newest(self, connection: Connection[Any]) -> PublicKey | None:
        cursor = connection.cursor(row_factory=class_row(PublicKey))
        return cursor.execute(f"{PUBLIC_KEYS} LIMIT 1").fetchone()

    def _open(self, connection: Connection[Any], key: PublicKey) -> SealingKey:
        cursor = connection.cursor(row_factory=scalar_row)
        sealed = bytes(cursor.execute(_SEALED, (key.kid,)).fetchone() or b"")
        try:
            raw = self._sealing.open(sealed, _bound(key.kid, key.origin))
        except (ValueError, WrongMasterKey):
            raise NotOurKey(
                f"The sealing key {key.kid} was wrapped by another master key, or by somebody else."
            ) from None
        private = Ed25519PrivateKey.from_private_bytes(raw)
        public = private.public_key().public_bytes_raw()
        if public != key.public_key or thumbprint(public) != key.kid:
            raise NotOurKey(f"The sealing key {key.kid} has the public half of another one.")
        return SealingKey(key.kid, key.origin, private)

    def _add(self, connection: Connection[Any], generation: int, origin: str) -> None:
        """Of several processes that add the same generation one succeeds."""
        private = Ed25519PrivateKey.generate()
        public = private.public_key().public_bytes_raw()
        kid = thumbprint(public)
        sealed = self._sealing.seal(private.private_bytes_raw(), _bound(kid, origin))
        connection.execute(
            "INSERT INTO seals.signing_keys"
            " (generation, kid, origin, public_key, sealed_private_key)"
            " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (generation) DO NOTHING",
            (generation, kid, origin, public, sealed),
        )


def _bound(kid: str, origin: str) -> bytes:
    """What the sealed private half is bound to."""
    return f"{kid}\n{origin}".encode()


def thumbprint(public_key: bytes) -> str:
    """The key's id by RFC 7638: the hash of its required members, sorted, without white space."""
    members = {"crv": "Ed25519", "kty": "OKP", "x": _base64url(public_key)}
    canonical = json.dumps(members, sort_keys=True, separators=(",", ":"))
    return _base64url(hashlib.sha256(canonical.encode()).digest())


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def public_keys(url: str) -> list[PublicKey]:
    """All public halves, the one that signs first. Raises psycopg.OperationalError."""
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.cursor(row_factory=class_row(PublicKey)).execute(PUBLIC_KEYS).fetchall()
