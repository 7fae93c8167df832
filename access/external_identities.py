"""Which accounts somebody else vouches for, and who of them has left."""

from datetime import datetime
from uuid import UUID

import msgspec
from psycopg_pool import ConnectionPool

from access.statement import Statement


class KnownIdentity(msgspec.Struct, frozen=True):
    """One account of a provider; `left_at` is when a sync missed its owner."""

    identity_id: UUID
    learner_id: UUID
    left_at: datetime | None


class ExternalIdentities:
    """Asks for identities, and marks them; needs `lms_write`."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool

    def vouches_for(self, provider: str, learner_id: UUID | None) -> bool:
        """Whether an account is one of the provider's; nobody's is none."""
        with self._pool.connection() as connection:
            found = connection.execute(
                "SELECT 1 FROM access.external_identities WHERE provider = %s AND learner_id = %s",
                (provider, learner_id),
            ).fetchone()
        return found is not None

    def of(self, provider: str) -> list[KnownIdentity]:
        """All that a provider vouches for, or did."""
        with self._pool.connection() as connection:
            rows = connection.execute(
                "SELECT identity_id, learner_id, left_at FROM access.external_identities"
                " WHERE provider = %s ORDER BY identity_id",
                (provider,),
            ).fetchall()
        return [KnownIdentity(*row) for row in rows]

    def mark_left(self, identity_id: UUID, at: datetime | None) -> None:
        """Notes that somebody has left or, with None, has come back."""
        with self._pool.connection() as connection:
            connection.execute(
                "UPDATE access.external_identities SET left_at = %s WHERE identity_id = %s",
                (at, identity_id),
            )


LOGS_IN_ELSEWHERE = (
    "SELECT EXISTS (SELECT FROM access.external_identities WHERE learner_id = %(id)s)"
    " AND NOT EXISTS (SELECT FROM access.credentials WHERE learner_id = %(id)s)"
)
"""Of an account that others vouch for and that has no password: whoever resets one opens a door."""


IS_LAST_WAY_IN = (
    "SELECT (SELECT count(*) < 2 FROM access.external_identities WHERE learner_id = %(id)s)"
    " AND NOT EXISTS (SELECT FROM access.credentials WHERE learner_id = %(id)s)"
)
"""Whether somebody who is vouched for has neither another identity nor a password."""

IDENTITIES_OF = "SELECT identity_id FROM access.external_identities WHERE learner_id = %s"


def linked_statement(identity_id: UUID, learner_id: UUID, provider: str, at: datetime) -> Statement:
    """Notes a link, in the transaction of the event that says so."""
    return (
        (
            "INSERT INTO access.external_identities"
            " (identity_id, learner_id, provider, linked_at)"
            " VALUES (%s, %s, %s, %s) ON CONFLICT (identity_id) DO UPDATE"
            " SET learner_id = excluded.learner_id, provider = excluded.provider"
        ),
        (identity_id, learner_id, provider, at),
    )


def unlinked_statement(identity_id: UUID) -> Statement:
    """Forgets a link, in the transaction of the event that says so."""
    return "DELETE FROM access.external_identities WHERE identity_id = %s", (identity_id,)
