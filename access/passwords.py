"""Passwords: kept as argon2id hashes, checked in the same time whether or not the person exists."""

import secrets
import threading
import unicodedata
from datetime import datetime
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from psycopg_pool import ConnectionPool

from access.statement import Statement

SHORTEST = 8
"""NIST SP 800-63B: the least for a password that a second factor may join."""
LONGEST = 256
FEWEST_DIFFERENT = 5
HASHES_AT_ONCE = 2
"""Each takes a core and 19 MiB; a crowd at the door waits instead of taking all memory."""

_NOBODY = UUID(int=0)


class WeakPassword(ValueError):
    """The password can't be accepted; `detail` says why, `field` where it stood."""

    code = "weak-password"
    field = "password"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class Passwords:
    """The parameters are OWASP's for argon2id: 19 MiB, two passes, one lane."""

    def __init__(self, pool: ConnectionPool, hasher: PasswordHasher | None = None) -> None:
        self._pool = pool
        self._hasher = hasher or PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._turns = threading.BoundedSemaphore(HASHES_AT_ONCE)
        self._nobodys_hash = self._hash(secrets.token_bytes(16))

    def hash(self, password: str) -> str:
        """The hash to keep.

        Raises:
            WeakPassword: too short, too long or too uniform.
        """
        check_strength(password)
        return self._hash(_encode(password))

    def verify(self, learner_id: UUID | None, password: str) -> bool:
        """Whether it is the learner's password; pass None for a name that nobody has.

        An unknown learner, or one without a password, costs the same time as a known one. A hash
        made with older parameters is replaced when the password is right.
        """
        stored = self._stored(learner_id or _NOBODY)
        right = self._matches(stored or self._nobodys_hash, _encode(password))
        if stored is None or learner_id is None or not right:
            return False
        if self._hasher.check_needs_rehash(stored):
            self._replace(learner_id, stored, self._hash(_encode(password)))
        return True

    def _hash(self, password: bytes) -> str:
        with self._turns:
            return self._hasher.hash(password)

    def _matches(self, stored: str, password: bytes) -> bool:
        with self._turns:
            try:
                return self._hasher.verify(stored, password)
            except (VerificationError, InvalidHashError):
                return False

    def _stored(self, learner_id: UUID) -> str | None:
        with self._pool.connection() as connection:
            row = connection.execute(
                "SELECT password_hash FROM access.credentials WHERE learner_id = %s", (learner_id,)
            ).fetchone()
        return row[0] if row else None

    def _replace(self, learner_id: UUID, old: str, new: str) -> None:
        with self._pool.connection() as connection:
            connection.execute(
                "UPDATE access.credentials SET password_hash = %s"
                " WHERE learner_id = %s AND password_hash = %s",
                (new, learner_id, old),
            )


def check_strength(password: str) -> None:
    """Refuse what is guessed first.

    Raises:
        WeakPassword: shorter than 8 or longer than 256 characters, or too uniform.
    """
    normal = unicodedata.normalize("NFKC", password)
    if len(normal) < SHORTEST:
        raise WeakPassword(f"A password has at least {SHORTEST} characters.")
    if len(normal) > LONGEST:
        raise WeakPassword(f"A password has at most {LONGEST} characters.")
    if len(set(normal.casefold())) < FEWEST_DIFFERENT:
        raise WeakPassword(f"A password has at least {FEWEST_DIFFERENT} different characters.")


def save_statement(learner_id: UUID, password_hash: str, at: datetime) -> Statement:
    """Sets the learner's password, in the transaction of the event that says so."""
    return (
        (
            "INSERT INTO access.credentials (learner_id, password_hash, changed_at)"
            " VALUES (%s, %s, %s) ON CONFLICT (learner_id) DO UPDATE"
            " SET password_hash = excluded.password_hash, changed_at = excluded.changed_at"
        ),
        (learner_id, password_hash, at),
    )


def forget_statement(learner_id: UUID) -> Statement:
    """Deletes the learner's password: the account can't log in with one any more."""
    return "DELETE FROM access.credentials WHERE learner_id = %s", (learner_id,)


def _encode(password: str) -> bytes:
    """One spelling of what looks the same on two keyboards (NIST SP 800-63B, 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password[: LONGEST * 4]).encode(errors="surrogatepass")
