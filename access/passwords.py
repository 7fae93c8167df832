"""Passwords: kept as argon2id hashes, checked in the same time whether or not the person exists."""

import secrets
import threading
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from psycopg_pool import ConnectionPool

from access.password_policy import PasswordPolicy
from access.statement import Statement
from access.strength import LONGEST, UnacceptablePassword, WeakPassword, check_strength

__all__ = ["FormerPassword", "Passwords", "UnacceptablePassword", "WeakPassword"]

HASHES_AT_ONCE = 2
"""Each takes a core and 19 MiB; a crowd at the door waits instead of taking all memory."""

_NOBODY = UUID(int=0)


class FormerPassword(UnacceptablePassword):
    """It is one of the last that this person had."""

    code = "former-password"


class Passwords:
    """The parameters are OWASP's for argon2id: 19 MiB, two passes, one lane."""

    def __init__(
        self,
        pool: ConnectionPool,
        hasher: PasswordHasher | None = None,
        policy: PasswordPolicy | None = None,
    ) -> None:
        self._pool = pool
        self.policy = policy or PasswordPolicy()
        self._hasher = hasher or PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._turns = threading.BoundedSemaphore(HASHES_AT_ONCE)
        self._nobodys_hash = self._hash(secrets.token_bytes(16))

    def hash(
        self, password: str, about: Iterable[str] = (), *, learner_id: UUID | None = None
    ) -> str:
        """The hash to keep. `about` is what others know of the person: names, address.

        Raises:
            WeakPassword: too short, too long or too easy to guess, also by who knows the person.
            FormerPassword: one of the learner's last ones.
        """
        self.must_be_strong(password, about)
        encoded = _encode(password)
        if learner_id is not None and self._was_used(learner_id, encoded):
            raise FormerPassword(
                f"A password can't be one of the last {self.policy.remembered} again."
            )
        return self._hash(encoded)

    def must_be_strong(self, password: str, about: Iterable[str] = ()) -> None:
        """Raises `WeakPassword`, like `hash`, and tells nothing about former ones."""
        check_strength(password, self.policy.score, about)

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

    def is_expired(self, learner_id: UUID, now: datetime) -> bool:
        """Whether the learner must choose another one; False for who has none."""
        with self._pool.connection() as connection:
            row = connection.execute(
                "SELECT changed_at FROM access.credentials WHERE learner_id = %s", (learner_id,)
            ).fetchone()
        return row is not None and self.policy.is_expired(row[0], now)

    def save_statements(
        self, learner_id: UUID, password_hash: str, at: datetime
    ) -> tuple[Statement, ...]:
        """Sets the learner's password, in the transaction of the event that says so; the former
        one becomes history, as much of it as the policy asks for."""
        former = max(self.policy.remembered - 1, 0)
        return (
            keep_former_statement(learner_id),
            save_statement(learner_id, password_hash, at),
            forget_former_statement(learner_id, former),
        )

    def _was_used(self, learner_id: UUID, password: bytes) -> bool:
        if self.policy.remembered == 0:
            return False
        with self._pool.connection() as connection:
            rows = connection.execute(
                "SELECT password_hash FROM access.credentials WHERE learner_id = %(id)s UNION ALL"
                " (SELECT password_hash FROM access.former_passwords WHERE learner_id = %(id)s"
                "  ORDER BY changed_at DESC LIMIT %(former)s)",
                {"id": learner_id, "former": self.policy.remembered - 1},
            ).fetchall()
        return any(self._matches(row[0], password) for row in rows)

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


def keep_former_statement(learner_id: UUID) -> Statement:
    """The present password, if there is one, is remembered; before another one is set."""
    return (
        (
            "INSERT INTO access.former_passwords (learner_id, changed_at, password_hash)"
            " SELECT learner_id, changed_at, password_hash FROM access.credentials"
            " WHERE learner_id = %s ON CONFLICT DO NOTHING"
        ),
        (learner_id,),
    )


def forget_former_statement(learner_id: UUID, but: int) -> Statement:
    """Deletes what is remembered, but for the newest `but`."""
    return (
        (
            "DELETE FROM access.former_passwords WHERE learner_id = %s AND changed_at NOT IN"
            " (SELECT changed_at FROM access.former_passwords WHERE learner_id = %s"
            "  ORDER BY changed_at DESC LIMIT %s)"
        ),
        (learner_id, learner_id, but),
    )


def forget_statement(learner_id: UUID) -> Statement:
    """Deletes the learner's passwords: the account can't log in with one any more."""
    return (
        (
            "WITH former AS (DELETE FROM access.former_passwords WHERE learner_id = %s)"
            " DELETE FROM access.credentials WHERE learner_id = %s"
        ),
        (learner_id, learner_id),
    )


def _encode(password: str) -> bytes:
    """One spelling of what looks the same on two keyboards (NIST SP 800-63B, 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password[: LONGEST * 4]).encode(errors="surrogatepass")
