"""Secrets of service accounts: 256 random bits, shown once, kept as SHA-256 hashes.

A slow hash is for what people make up. Nobody guesses these, and a program that asks for a token
shouldn't cost a core.
"""

import hashlib
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from psycopg_pool import ConnectionPool

from access.statement import Statement

PREFIX = "lms_secret_"
"""So that scanners of source code know one when they see it."""


class ClientSecrets:
    """Checks secrets; needs `lms_write`."""

    def __init__(
        self,
        pool: ConnectionPool,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._pool = pool
        self._clock = clock

    def verify(self, service_account_id: UUID, secret: str) -> bool:
        """Whether it is a secret of the account that hasn't expired; notes that it was used."""
        now = self._clock()
        with self._pool.connection() as connection:
            used = connection.execute(
                "UPDATE access.client_secrets SET last_used_at = %s"
                " WHERE service_account_id = %s AND secret_hash = %s"
                " AND (expires_at IS NULL OR expires_at > %s)",
                (now, service_account_id, hash_of(secret), now),
            ).rowcount
        return used == 1


def new_secret() -> str:
    """A secret to show once."""
    return PREFIX + secrets.token_urlsafe(32)


def hash_of(secret: str) -> bytes:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()


def save_statement(
    secret_id: UUID,
    service_account_id: UUID,
    secret_hash: bytes,
    at: datetime,
    expires_at: datetime | None,
) -> Statement:
    """Makes a secret good for log-in, in the transaction of the event that says so."""
    return (
        (
            "INSERT INTO access.client_secrets"
            " (secret_id, service_account_id, secret_hash, created_at, expires_at)"
            " VALUES (%s, %s, %s, %s, %s)"
        ),
        (secret_id, service_account_id, secret_hash, at, expires_at),
    )


def revoke_statement(secret_id: UUID) -> Statement:
    """Makes a secret worthless."""
    return "DELETE FROM access.client_secrets WHERE secret_id = %s", (secret_id,)
