"""Log-in sessions and their refresh tokens.

A session is a family: each refresh token is good for one rotation, which gives the next. A token
that comes a second time has been copied, and nobody can tell who holds the original, so the whole
family ends (RFC 9700, 4.14). Only SHA-256 hashes are kept; the tokens are 256 random bits.
"""

import hashlib
import secrets
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID, uuid4

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool

from access.statement import Statement

LONGEST_SESSION = timedelta(days=30)
LONGEST_PAUSE = timedelta(days=7)
PASSWORD = "pwd"  # noqa: S105 - the name of a factor


class Refusal(StrEnum):
    """Why a refresh token wasn't accepted."""

    UNKNOWN = "unknown"
    REUSED = "reused"
    ENDED = "ended"
    EXPIRED = "expired"


class InvalidRefreshToken(Exception):
    """The refresh token gives nothing; whose it was, when that is known, is for the audit."""

    def __init__(
        self, reason: Refusal, learner_id: UUID | None = None, session_id: UUID | None = None
    ) -> None:
        super().__init__(f"The refresh token was refused: {reason}.")
        self.reason = reason
        self.learner_id = learner_id
        self.session_id = session_id


class Session(msgspec.Struct, frozen=True):
    """A live session and the one refresh token that continues it."""

    learner_id: UUID
    session_id: UUID
    refresh_token: str
    authenticated_at: datetime | None
    factors: frozenset[str]

    def __repr__(self) -> str:
        return f"Session(learner_id={self.learner_id!r}, session_id={self.session_id!r})"


class Proof(msgspec.Struct, frozen=True):
    """When, if that is known, and by what the owner of a session has last proved who they are."""

    authenticated_at: datetime | None
    factors: frozenset[str]


class Vouching(Protocol):
    """Somebody else has checked who it is. `authenticated_at` is when; None: they don't say."""

    @property
    def authenticated_at(self) -> datetime | None: ...

    def remember(self, connection: Connection[TupleRow], session_id: UUID) -> None:
        """Keeps what belongs to the session that begins."""


class _Family(msgspec.Struct, frozen=True):
    session_id: UUID
    learner_id: UUID
    session_expires_at: datetime
    ended_at: datetime | None
    authenticated_at: datetime | None
    factors: list[str]
    token_expires_at: datetime
    used_at: datetime | None

    def refusal(self, now: datetime) -> Refusal | None:
        if self.ended_at is not None:
            return Refusal.ENDED
        if self.used_at is not None:
            return Refusal.REUSED
        if now >= min(self.session_expires_at, self.token_expires_at):
            return Refusal.EXPIRED
        return None


class Sessions:
    """Starts, continues and ends sessions; needs `lms_write`."""

    def __init__(
        self,
        pool: ConnectionPool,
        *,
        longest_session: timedelta = LONGEST_SESSION,
        longest_pause: timedelta = LONGEST_PAUSE,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """A session ends `longest_session` after its start, or `longest_pause` after its last
        rotation."""
        self._pool = pool
        self._longest_session = longest_session
        self._longest_pause = longest_pause
        self._clock = clock

    def start(
        self,
        learner_id: UUID,
        *,
        factors: Iterable[str] = (PASSWORD,),
        client: str | None = None,
        vouched: Vouching | None = None,
    ) -> Session:
        """A new session, after the learner has proved who they are by `factors` (RFC 8176).

        `client` is where they come from, sealed, for the list of their sessions. `vouched`: they
        have proved it just now to somebody else, or a while ago; its `remember` is called in the
        transaction, and whatever it raises ends that.
        """
        now = self._clock()
        session_id, proved = uuid4(), frozenset(factors)
        proved_at = now if vouched is None else vouched.authenticated_at
        expires_at = now + self._longest_session
        with self._pool.connection() as connection, connection.transaction():
            _insert(
                connection,
                (session_id, learner_id, now, proved_at, now, expires_at, sorted(proved), client),
            )
            if vouched is not None:
                vouched.remember(connection, session_id)
            refresh_token = self._issue(connection, session_id, now)
        return Session(learner_id, session_id, refresh_token, proved_at, proved)

    def start_for_service(self, service_account_id: UUID, lifetime: timedelta) -> UUID:
        """A session of one access token, without a way to continue it; returns its id."""
        now, session_id = self._clock(), uuid4()
        with self._pool.connection() as connection:
            times = (now, now, now, now + lifetime)
            _insert(connection, (session_id, service_account_id, *times, [], None))
        return session_id

    def prove_again(
        self, session_id: UUID, factors: Iterable[str], at: datetime | None = None
    ) -> Proof | None:
        """The session's owner has proved anew who they are, now or not long ago at somebody else's;
        None when it isn't live."""
        now = self._clock()
        proved_at = at or now
        with self._pool.connection() as connection:
            row = connection.execute(
                "UPDATE access.sessions SET authenticated_at = %s, last_used_at = %s,"
                " factors = ARRAY(SELECT DISTINCT factor FROM unnest(factors || %s::text[]) factor)"
                " WHERE session_id = %s AND ended_at IS NULL AND expires_at > %s"
                " RETURNING factors",
                (proved_at, now, sorted(factors), session_id, now),
            ).fetchone()
        return Proof(proved_at, frozenset(row[0])) if row else None

    def proof(self, session_id: UUID) -> tuple[UUID, Proof] | None:
        """Whose a live session is, and when and how they have proved who they are."""
        with self._pool.connection() as connection:
            row = connection.execute(
                "SELECT learner_id, authenticated_at, factors FROM access.sessions"
                " WHERE session_id = %s AND ended_at IS NULL AND expires_at > %s",
                (session_id, self._clock()),
            ).fetchone()
        return (row[0], Proof(row[1], frozenset(row[2]))) if row else None

    def belongs_to(self, session_id: UUID, learner_id: UUID) -> bool:
        """Whether it is a live session of the learner."""
        with self._pool.connection() as connection:
            row = connection.execute(
                "SELECT 1 FROM access.sessions WHERE session_id = %s AND learner_id = %s"
                " AND ended_at IS NULL AND expires_at > %s",
                (session_id, learner_id, self._clock()),
            ).fetchone()
        return row is not None

    def rotate(self, refresh_token: str) -> Session:
        """The session goes on with a new refresh token; the one given is used up.

        Of two that come with the same token at the same time one gets the next token, and the other
        ends the session.

        Raises:
            InvalidRefreshToken: unknown, expired, of a session that has ended, or used before; in
                the last case the session has ended now.
        """
        now = self._clock()
        token_hash = _hash(refresh_token)
        with self._pool.connection() as connection, connection.transaction():
            family = _lock_family(connection, token_hash)
            if family is None:
                raise InvalidRefreshToken(Refusal.UNKNOWN)
            refusal = family.refusal(now)
            if refusal is Refusal.REUSED:
                connection.execute(*end_statement(family.session_id, now, "reuse"))
            elif refusal is None:
                _use_up(connection, token_hash, now)
                next_token = self._issue(connection, family.session_id, now)
                return Session(
                    family.learner_id,
                    family.session_id,
                    next_token,
                    family.authenticated_at,
                    frozenset(family.factors),
                )
        # Raised only here, so that the end of a family isn't rolled back.
        raise InvalidRefreshToken(refusal, family.learner_id, family.session_id)

    def end(self, session_id: UUID) -> bool:
        """End one session; False when it has ended before or never was."""
        return self._run(end_statement(session_id, self._clock())) == 1

    def end_all(self, learner_id: UUID, *, but: UUID | None = None) -> int:
        """End all of a learner's sessions (but one); how many there were."""
        return self._run(end_all_statement(learner_id, self._clock(), but=but))

    def is_live(self, session_id: UUID) -> bool:
        """Whether the session has neither ended nor expired."""
        with self._pool.connection() as connection:
            row = connection.execute(
                "SELECT 1 FROM access.sessions"
                " WHERE session_id = %s AND ended_at IS NULL AND expires_at > %s",
                (session_id, self._clock()),
            ).fetchone()
        return row is not None

    def forget_expired(self) -> int:
        """Delete what is past its time, tokens included; how many sessions that were."""
        return self._run(("DELETE FROM access.sessions WHERE expires_at < %s", (self._clock(),)))

    def _issue(self, connection: Connection[TupleRow], session_id: UUID, now: datetime) -> str:
        refresh_token = secrets.token_urlsafe(32)
        connection.execute(
            "INSERT INTO access.refresh_tokens (token_hash, session_id, expires_at)"
            " VALUES (%s, %s, %s)",
            (_hash(refresh_token), session_id, now + self._longest_pause),
        )
        return refresh_token

    def _run(self, statement: Statement) -> int:
        with self._pool.connection() as connection:
            return connection.execute(*statement).rowcount


def end_statement(session_id: UUID, at: datetime, because: str = "logout") -> Statement:
    """Ends one session, in the transaction of the event that says so."""
    return (
        (
            "UPDATE access.sessions SET ended_at = %s, ended_by = %s"
            " WHERE session_id = %s AND ended_at IS NULL"
        ),
        (at, because, session_id),
    )


def end_one_statement(session_id: UUID, learner_id: UUID, at: datetime) -> Statement:
    """Ends one of a learner's sessions, and nobody else's."""
    return (
        (
            "UPDATE access.sessions SET ended_at = %s, ended_by = 'ended'"
            " WHERE session_id = %s AND learner_id = %s AND ended_at IS NULL"
        ),
        (at, session_id, learner_id),
    )


def end_all_statement(
    learner_id: UUID, at: datetime, because: str = "logout", *, but: UUID | None = None
) -> Statement:
    """Ends all of a learner's sessions (but one), in the transaction of the event that says so."""
    return (
        (
            "UPDATE access.sessions SET ended_at = %s, ended_by = %s"
            " WHERE learner_id = %s AND ended_at IS NULL AND session_id IS DISTINCT FROM %s"
        ),
        (at, because, learner_id, but),
    )


def _insert(
    connection: Connection[TupleRow],
    values: tuple[UUID, UUID, datetime, datetime | None, datetime, datetime, list[str], str | None],
) -> None:
    connection.execute(
        "INSERT INTO access.sessions (session_id, learner_id, started_at, authenticated_at,"
        " last_used_at, expires_at, factors, client) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        values,
    )


def _lock_family(connection: Connection[TupleRow], token_hash: bytes) -> _Family | None:
    # Both rows are locked, the session first, as a deletion does: who waited here must see the
    # token as used and the session as ended.
    row = connection.execute(
        "SELECT session_id, s.learner_id, s.expires_at, s.ended_at, s.authenticated_at, s.factors,"
        " t.expires_at, t.used_at"
        " FROM access.sessions s JOIN access.refresh_tokens t USING (session_id)"
        " WHERE t.token_hash = %s FOR UPDATE",
        (token_hash,),
    ).fetchone()
    return _Family(*row) if row else None


def _use_up(connection: Connection[TupleRow], token_hash: bytes, now: datetime) -> None:
    connection.execute(
        "WITH used AS (UPDATE access.refresh_tokens SET used_at = %(now)s"
        " WHERE token_hash = %(hash)s RETURNING session_id)"
        " UPDATE access.sessions SET last_used_at = %(now)s FROM used"
        " WHERE sessions.session_id = used.session_id",
        {"now": now, "hash": token_hash},
    )


def _hash(refresh_token: str) -> bytes:
    return hashlib.sha256(refresh_token.encode(errors="surrogatepass")).digest()
