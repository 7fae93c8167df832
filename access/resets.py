"""Links to a new password: asked for by anybody, mailed to the owner, good once and not for long.

Whoever asks learns nothing: a wish is written in the same way whether or not somebody has the name.
The token exists in the mail only; here is its SHA-256.
"""

import hashlib
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import msgspec
from psycopg.rows import class_row
from psycopg_pool import ConnectionPool

from access.statement import Statement

GOOD_FOR = timedelta(minutes=30)
MAILS_IN_A_ROW = 3
"""As many links to one learner are wanted or good at a time; further wishes come to nothing."""


class InvalidResetLink(Exception):
    """The link leads nowhere: never was, used, replaced or expired; nobody is told which."""

    code = "invalid-reset-link"
    detail = "This link isn't good any more. Ask for another one."


class Wish(msgspec.Struct, frozen=True):
    """Somebody wants a new password for a name, which may be a user name or an e-mail address."""

    wish_id: UUID
    username_id: UUID
    email_id: UUID
    network: str | None
    correlation_id: UUID
    wished_at: datetime


class Link(msgspec.Struct, frozen=True):
    """Where a token leads."""

    reset_id: UUID
    learner_id: UUID


class Resets:
    """Wishes and tokens; needs `lms_write`."""

    def __init__(
        self,
        pool: ConnectionPool,
        *,
        good_for: timedelta = GOOD_FOR,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._pool = pool
        self._clock = clock
        self.good_for = good_for

    def wish(
        self, username_id: UUID, email_id: UUID, network: str | None, correlation_id: UUID
    ) -> None:
        """Writes down what somebody asks for, to be looked up later."""
        with self._pool.connection() as connection:
            connection.execute(
                "INSERT INTO access.reset_wishes"
                " (wish_id, username_id, email_id, network, correlation_id, wished_at)"
                " VALUES (%s, %s, %s, %s, %s, %s)",
                (uuid4(), username_id, email_id, network, correlation_id, self._clock()),
            )

    def wishes(self, limit: int) -> list[Wish]:
        """The oldest wishes."""
        with self._pool.connection() as connection:
            return (
                connection.cursor(row_factory=class_row(Wish))
                .execute(
                    "SELECT wish_id, username_id, email_id, network, correlation_id, wished_at"
                    " FROM access.reset_wishes ORDER BY wished_at LIMIT %s",
                    (limit,),
                )
                .fetchall()
            )

    def forget(self, wish: Wish) -> None:
        """The wish has been dealt with."""
        with self._pool.connection() as connection:
            connection.execute(
                "DELETE FROM access.reset_wishes WHERE wish_id = %s", (wish.wish_id,)
            )

    def has_enough(self, learner_id: UUID) -> bool:
        """Whether enough links are on their way to the learner, or good: one more is abuse."""
        with self._pool.connection() as connection:
            row = connection.execute(
                "SELECT count(*) FROM"
                " (SELECT mail_id FROM access.outgoing_mail"
                "  WHERE learner_id = %(id)s AND kind = 'password-reset'"
                "  UNION SELECT reset_id FROM access.reset_tokens"
                "  WHERE learner_id = %(id)s AND expires_at > %(now)s) AS links",
                {"id": learner_id, "now": self._clock()},
            ).fetchone()
        assert row is not None
        return bool(row[0] >= MAILS_IN_A_ROW)

    def issue(self, reset_id: UUID, learner_id: UUID) -> tuple[str, datetime]:
        """A token for a link, and until when it is good; it replaces a former one of this reset."""
        token, expires_at = secrets.token_urlsafe(32), self._clock() + self.good_for
        with self._pool.connection() as connection:
            connection.execute(
                "INSERT INTO access.reset_tokens (reset_id, learner_id, token_hash, expires_at)"
                " VALUES (%s, %s, %s, %s) ON CONFLICT (reset_id) DO UPDATE"
                " SET token_hash = excluded.token_hash, expires_at = excluded.expires_at",
                (reset_id, learner_id, _hash(token), expires_at),
            )
        return token, expires_at

    def find(self, token: str) -> Link:
        """Where the token leads. Raises `InvalidResetLink`."""
        with self._pool.connection() as connection:
            row = connection.execute(
                "SELECT reset_id, learner_id FROM access.reset_tokens"
                " WHERE token_hash = %s AND expires_at > %s",
                (_hash(token), self._clock()),
            ).fetchone()
        if row is None:
            raise InvalidResetLink
        return Link(*row)

    def forget_expired(self) -> int:
        """Deletes what is past its time; how many."""
        with self._pool.connection() as connection:
            return connection.execute(
                "DELETE FROM access.reset_tokens WHERE expires_at < %s", (self._clock(),)
            ).rowcount


def forget_links_statement(learner_id: UUID) -> Statement:
    """No link of the learner's is good any more: the password has changed."""
    return "DELETE FROM access.reset_tokens WHERE learner_id = %s", (learner_id,)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()
