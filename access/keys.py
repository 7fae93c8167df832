"""The keys that sign access tokens: Ed25519 pairs in Postgres, one signing, older ones verifying.

Anyone may see the public halves (RFC 7517, RFC 8037). The private half leaves the database only
sealed, with AES-256-GCM under a wrapping key.
"""

import hashlib
import json
import logging
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg import Connection, OperationalError
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool

from access.seal import Keyring, Seal, WrongSeal
from access.statement import Statement

log = logging.getLogger(__name__)

ALGORITHM = "EdDSA"
_ADVISORY_LOCK = 0x6C6D735F6B657973  # "lms_keys"

SECONDS_BETWEEN_LOOKUPS = 1.0
"""Tokens with made-up key ids cost the database no more than one query in this time."""
SECONDS_UNTIL_STALE = 60.0
"""A rotation is noticed by every process within this time, a new key id at once."""


SECONDS_TO_REACH_DATABASE = 2.0


class WrongMasterKey(Exception):
    """The signing key was sealed under another master key."""


class KeysUnavailable(Exception):
    """Whether a key is known can't be said: the database is out of reach."""


class SigningKey(NamedTuple):
    kid: str
    private_key: Ed25519PrivateKey


class NewKey(NamedTuple):
    """A pair made a moment ago, in the form in which it is kept."""

    kid: str
    public_key: bytes
    sealed_private_key: bytes

    def __repr__(self) -> str:
        return f"NewKey(kid={self.kid!r})"


class VerificationKeys:
    """The public halves, cached in the process; the pool's role needs no more than `lms_read`."""

    def __init__(
        self, pool: ConnectionPool, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._pool = pool
        self._monotonic = monotonic
        self._keys: dict[str, jwt.PyJWK] = {}
        self._unreachable = False
        self._looked_up_at = float("-inf")
        self._lock = threading.Lock()

    def get(self, kid: str) -> jwt.PyJWK | None:
        """The public key of that id, or None when there is none.

        Raises:
            KeysUnavailable: it isn't among those known here and the database is out of reach.
        """
        if kid not in self._keys:
            self._refresh()
            if self._unreachable and kid not in self._keys:
                raise KeysUnavailable("Signing keys can't be looked up right now.")
        elif self.stale():
            self._refresh()
        return self._keys.get(kid)

    def stale(self) -> bool:
        """Whether the next `get` asks the database, even for a known key."""
        return self._age() >= SECONDS_UNTIL_STALE

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The JSON Web Key Set to publish at `/.well-known/jwks.json`, newest key first."""
        with self._pool.connection(timeout=SECONDS_TO_REACH_DATABASE) as connection:
            rows = connection.execute(
                "SELECT kid, public_key FROM access.signing_keys ORDER BY created_at DESC, kid"
            ).fetchall()
        return {"keys": [_jwk(kid, bytes(public_key)) for kid, public_key in rows]}

    def _refresh(self) -> None:
        """Read the keys anew; of threads that ask at the same time one does, the others wait."""
        with self._lock:
            if self._age() < SECONDS_BETWEEN_LOOKUPS:
                return
            try:
                self._keys = {key["kid"]: jwt.PyJWK.from_dict(key) for key in self.jwks()["keys"]}
                self._unreachable = False
            except OperationalError:
                self._unreachable = True
                log.warning("signing keys can't be looked up; going on with the known ones")
            finally:
                self._looked_up_at = self._monotonic()

    def _age(self) -> float:
        return self._monotonic() - self._looked_up_at


class SigningKeys:
    """Both halves: makes, rotates and opens the key that signs; needs `lms_write`."""

    def __init__(
        self,
        pool: ConnectionPool,
        keys: bytes | Keyring,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = pool
        self._seal = Seal(keys, None)
        self._monotonic = monotonic
        self._active: SigningKey | None = None
        self._looked_up_at = float("-inf")

    def active(self) -> SigningKey:
        """The key to sign with now, cached for a minute.

        Raises:
            WrongMasterKey: it was sealed under another master key.
        """
        key = self._active
        if key is None or self._monotonic() - self._looked_up_at >= SECONDS_UNTIL_STALE:
            key = self._remember(self._load_or_create())
        return key

    def ensure(self) -> SigningKey:
        """Make the first key unless there is one; safe for many processes at once.

        Raises:
            WrongMasterKey: there is one, sealed under another master key.
        """
        return self._remember(self._load_or_create())

    def new_key(self) -> NewKey:
        """A pair that signs nothing yet: `rotate_statements` put it in place."""
        private_key = Ed25519PrivateKey.generate()
        public_key = private_key.public_key().public_bytes_raw()
        kid = thumbprint(public_key)
        sealed = self._seal.seal(private_key.private_bytes_raw(), kid.encode())
        return NewKey(kid, public_key, sealed)

    def rotate(self) -> SigningKey:
        """Sign with a new key from now on; tokens signed with the older ones stay valid.

        The command `RotateSigningKeys` does the same on the record.
        """
        with self._pool.connection() as connection, connection.transaction():
            for statement in rotate_statements(self.new_key(), datetime.now(UTC)):
                connection.execute(*statement)
        return self.refresh()

    def refresh(self) -> SigningKey:
        """Look the active key up now, as after a rotation in this process."""
        return self._remember(self._load_or_create())

    def prune(self, retired_before: datetime) -> int:
        """Delete keys that no valid token is signed with any more; how many there were."""
        with self._pool.connection() as connection:
            return connection.execute(
                "DELETE FROM access.signing_keys WHERE retired_at < %s", (retired_before,)
            ).rowcount

    def _remember(self, key: SigningKey) -> SigningKey:
        self._active, self._looked_up_at = key, self._monotonic()
        return key

    def _load_or_create(self) -> SigningKey:
        """Opens and seals outside of transactions: the keyring may need a connection too."""
        with self._pool.connection() as connection:
            row = _active_row(connection)
        if row is None:
            key = self.new_key()
            with self._pool.connection() as connection, connection.transaction():
                _lock(connection)
                row = _active_row(connection) or _inserted(connection, key)
        return self._opened(*row)

    def _opened(self, kid: str, sealed: bytes) -> SigningKey:
        try:
            raw = self._seal.open(sealed, kid.encode())
        except WrongSeal:
            raise WrongMasterKey(
                "The key that signs access tokens was sealed under another master key."
            ) from None
        return SigningKey(kid, Ed25519PrivateKey.from_private_bytes(raw))


def _active_row(connection: Connection[TupleRow]) -> tuple[str, bytes] | None:
    row = connection.execute(
        "SELECT kid, sealed_private_key FROM access.signing_keys WHERE retired_at IS NULL"
    ).fetchone()
    return (row[0], bytes(row[1])) if row else None


def _inserted(connection: Connection[TupleRow], key: NewKey) -> tuple[str, bytes]:
    connection.execute(*_insert_statement(key))
    return key.kid, key.sealed_private_key


def rotate_statements(key: NewKey, at: datetime) -> list[Statement]:
    """Retires the key that signs and puts a new one in its place, in somebody's transaction."""
    return [
        ("SELECT pg_advisory_xact_lock(%s)", (_ADVISORY_LOCK,)),
        ("UPDATE access.signing_keys SET retired_at = %s WHERE retired_at IS NULL", (at,)),
        _insert_statement(key),
    ]


IS_KNOWN = "SELECT EXISTS (SELECT FROM access.signing_keys WHERE kid = %s)"
SIGNS = "SELECT EXISTS (SELECT FROM access.signing_keys WHERE kid = %s AND retired_at IS NULL)"


def revoke_statements(kid: str) -> list[Statement]:
    """Deletes a key and tells every process so, in somebody's transaction."""
    return [
        (
            (
                "INSERT INTO access.revoked_keys (kid, revoked_at)"
                " VALUES (%s, clock_timestamp()) ON CONFLICT DO NOTHING"
            ),
            (kid,),
        ),
        ("DELETE FROM access.signing_keys WHERE kid = %s", (kid,)),
    ]


def _insert_statement(key: NewKey) -> Statement:
    return (
        (
            "INSERT INTO access.signing_keys (kid, public_key, sealed_private_key, created_at)"
            " VALUES (%s, %s, %s, clock_timestamp())"
        ),
        tuple(key),
    )


def thumbprint(public_key: bytes) -> str:
    """The key's id by RFC 7638: the hash of its required members, sorted, without white space."""
    members = {"crv": "Ed25519", "kty": "OKP", "x": _base64url(public_key)}
    canonical = json.dumps(members, sort_keys=True, separators=(",", ":"))
    return _base64url(hashlib.sha256(canonical.encode()).digest())


def _jwk(kid: str, public_key: bytes) -> dict[str, str]:
    return {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": _base64url(public_key),
        "kid": kid,
        "use": "sig",
        "alg": ALGORITHM,
    }


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _lock(connection: Connection[TupleRow]) -> None:
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (_ADVISORY_LOCK,))
