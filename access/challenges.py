"""Log-ins half done: the first factor was right, the second is asked for."""

import hashlib
import secrets
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from psycopg_pool import ConnectionPool

from access.statement import Statement

LIFETIME = timedelta(minutes=5)
TRIES = 5
"""Codes that may be tried before one has to begin anew, with the password."""


class InvalidChallenge(Exception):
    """It is unknown, used, too old, or too many codes were tried with it."""

    code = "invalid-challenge"
    detail = "This log-in can't go on; begin anew with the password."


class Challenge(msgspec.Struct, frozen=True):
    """Whose log-in it is, and what they have proved; `method` where `factors` don't say how."""

    learner_id: UUID
    factors: frozenset[str]
    method: str | None = None


class Challenges:
    """Opens challenges and settles them; only hashes are kept. Needs `lms_write`."""

    def __init__(
        self,
        pool: ConnectionPool,
        *,
        lifetime: timedelta = LIFETIME,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._pool = pool
        self._clock = clock
        self.lifetime = lifetime

    def open(self, learner_id: UUID, factors: Iterable[str], method: str | None = None) -> str:
        """The token to come back with, together with a code."""
        token = secrets.token_urlsafe(32)
        with self._pool.connection() as connection:
            connection.execute(
                "INSERT INTO access.login_challenges"
                " (token_hash, learner_id, factors, method, tries_left, expires_at)"
                " VALUES (%s, %s, %s, %s, %s, %s)",
                (
                    _hash(token),
                    learner_id,
                    sorted(factors),
                    method,
                    TRIES,
                    self._clock() + self.lifetime,
                ),
            )
        return token

    def attempt(self, token: str) -> Challenge:
        """Counts one try. Raises `InvalidChallenge`."""
        with self._pool.connection() as connection:
            row = connection.execute(
                "UPDATE access.login_challenges SET tries_left = tries_left - 1"
                " WHERE token_hash = %s AND tries_left > 0 AND expires_at > %s"
                " RETURNING learner_id, factors, method",
                (_hash(token), self._clock()),
            ).fetchone()
        if row is None:
            raise InvalidChallenge
        return Challenge(row[0], frozenset(row[1]), row[2])

    def settle(self, token: str) -> None:
        """The second factor was right. Raises `InvalidChallenge` when another came first."""
        with self._pool.connection() as connection:
            settled = connection.execute(
                "DELETE FROM access.login_challenges WHERE token_hash = %s", (_hash(token),)
            ).rowcount
        if not settled:
            raise InvalidChallenge

    def forget_expired(self) -> int:
        """Delete what is past its time; how many."""
        with self._pool.connection() as connection:
            return connection.execute(
                "DELETE FROM access.login_challenges WHERE expires_at < %s", (self._clock(),)
            ).rowcount


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()


def forget_challenges_statement(learner_id: UUID) -> Statement:
    """No log-in that waits for its second step goes on: what it began with is good no more."""
    return ("DELETE FROM access.login_challenges WHERE learner_id = %s", (learner_id,))
