"""Operational tables of single sign-on: log-ins under way, codes, and the sessions they led to.

States, codes and cookies are 256 random bits of which only a hash is kept; what must be read again
is sealed under a wrapping key. All of them are good once, and for minutes.
"""

import hashlib
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool

from access.seal import Keyring, Seal
from access.sealed import SINGLE_SIGN_ON
from access.sessions import Vouching
from access.statement import Statement

LOGIN_LIFETIME = timedelta(minutes=10)
"""From the redirect to the provider until its answer."""
CODE_LIFETIME = timedelta(seconds=60)
"""From the redirect to the front end until it asks for tokens."""

LOG_OUTS_KEPT = timedelta(minutes=15)
"""Longer than anything between a provider's answer and the session takes, second factor and all."""

LONGEST_SECRET = 128
"""Characters of a state, code or cookie; ours are shorter."""


class EndedMeanwhile(Exception):
    """The provider has ended the session there before there was one here."""


class SignOnStart(msgspec.Struct, frozen=True):
    """What goes to the provider with the browser, and `browser`, which stays in its cookie."""

    state: str
    browser: str
    nonce: str
    verifier: str

    def __repr__(self) -> str:
        return "SignOnStart()"


class SignOnAnswered(msgspec.Struct, frozen=True):
    """A log-in that has come back; `at` is the database's time. Its owner is to prove anew who they
    are in the session `session_id`, or who else they are (`links`), or logs in."""

    nonce: str
    verifier: str
    at: datetime
    session_id: UUID | None
    links: bool

    def __repr__(self) -> str:
        return "SignOnAnswered()"


class SsoSession(msgspec.Struct, frozen=True):
    """The other end of one of our sessions; `sid` is how the provider calls it, if it does.

    `identified_at` is from when on its end there must be noticed, by the database's time.
    """

    provider: str
    identity_id: UUID
    sid_hash: bytes | None
    id_token: str
    identified_at: datetime

    @classmethod
    def of(
        cls, provider: str, identity_id: UUID, sid: str | None, id_token: str, at: datetime
    ) -> "SsoSession":
        """Of a session that the provider calls `sid`."""
        return cls(provider, identity_id, _sid_hash(provider, sid), id_token, at)

    def __repr__(self) -> str:
        return f"SsoSession(provider={self.provider!r})"


class SsoTables:
    """Keeps what single sign-on needs between two requests; needs `lms_write`."""

    def __init__(
        self,
        pool: ConnectionPool,
        keys: bytes | Keyring,
        *,
        login_lifetime: timedelta = LOGIN_LIFETIME,
        code_lifetime: timedelta = CODE_LIFETIME,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._pool = pool
        self._seal = Seal(keys, SINGLE_SIGN_ON)
        self._login_lifetime = login_lifetime
        self._code_lifetime = code_lifetime
        self._clock = clock

    def open_login(
        self,
        provider: str,
        browser: str | None = None,
        session_id: UUID | None = None,
        *,
        links: bool = False,
    ) -> SignOnStart:
        """A log-in that the provider is to answer; `browser` is the cookie it has already.

        With `session_id` it is whoever has that session who proves anew who they are, or with
        `links` who else they are.
        """
        reused = browser if browser and len(browser) <= LONGEST_SECRET else None
        start = SignOnStart(_secret(), reused or _secret(), _secret(), _secret())
        state_hash, now = _hash(start.state), self._clock()
        with self._pool.connection() as connection:
            connection.execute("DELETE FROM access.sso_logins WHERE expires_at <= %s", (now,))
            connection.execute(
                "INSERT INTO access.sso_logins"
                " (state_hash, browser_hash, provider, nonce, verifier, expires_at, session_id,"
                " links)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
                (
                    state_hash,
                    _hash(start.browser),
                    provider,
                    self._seal.seal(start.nonce.encode(), state_hash),
                    self._seal.seal(start.verifier.encode(), state_hash),
                    now + self._login_lifetime,
                    session_id,
                    links,
                ),
            )
        return start

    def take_login(self, provider: str, state: str, browser: str) -> SignOnAnswered | None:
        """The log-in with this state, begun by this browser; whatever is asked, it is used up."""
        state_hash = _hash(state)
        with self._pool.connection() as connection:
            row = connection.execute(
                "DELETE FROM access.sso_logins WHERE state_hash = %s"
                " RETURNING provider, browser_hash, expires_at, clock_timestamp(), session_id,"
                " links, nonce, verifier",
                (state_hash,),
            ).fetchone()
        if row is None or row[:2] != (provider, _hash(browser)) or row[2] <= self._clock():
            return None
        nonce, verifier = (self._seal.open(sealed, state_hash).decode() for sealed in row[6:])
        return SignOnAnswered(nonce, verifier, at=row[3], session_id=row[4], links=row[5])

    def open_code(self, proof: bytes) -> str:
        """A code that `take_code` gives the proof for."""
        code, now = _secret(), self._clock()
        sealed = self._seal.seal(proof, _hash(code))
        with self._pool.connection() as connection:
            connection.execute("DELETE FROM access.sso_codes WHERE expires_at <= %s", (now,))
            connection.execute(
                "INSERT INTO access.sso_codes (code_hash, proof, expires_at) VALUES (%s, %s, %s)",
                (_hash(code), sealed, now + self._code_lifetime),
            )
        return code

    def take_code(self, code: str) -> bytes | None:
        """The proof, once."""
        code_hash = _hash(code)
        with self._pool.connection() as connection:
            row = connection.execute(
                "DELETE FROM access.sso_codes WHERE code_hash = %s RETURNING proof, expires_at",
                (code_hash,),
            ).fetchone()
        if row is None or row[1] <= self._clock():
            return None
        return self._seal.open(row[0], code_hash)

    def wait(self, challenge: str, theirs: SsoSession) -> None:
        """The session waits for the second factor, which the challenge asks for."""
        token_hash = _hash(challenge)
        sealed = self._seal.seal(theirs.id_token.encode(), token_hash)
        named = (theirs.provider, theirs.identity_id, theirs.sid_hash)
        with self._pool.connection() as connection:
            connection.execute(
                "INSERT INTO access.sso_challenges"
                " (token_hash, provider, identity_id, sid_hash, sealed_token, identified_at)"
                " VALUES (%s, %s, %s, %s, %s, %s)",
                (token_hash, *named, sealed, theirs.identified_at),
            )

    def waiting(self, challenge: str) -> SsoSession | None:
        """What waits for the second factor; None when the log-in began with a password."""
        token_hash = _hash(challenge)
        with self._pool.connection() as connection:
            row = connection.execute(
                "SELECT provider, identity_id, sid_hash, identified_at, sealed_token"
                " FROM access.sso_challenges WHERE token_hash = %s",
                (token_hash,),
            ).fetchone()
        if row is None:
            return None
        provider, identity_id, sid_hash, at, sealed = row
        id_token = self._seal.open(sealed, token_hash).decode()
        return SsoSession(provider, identity_id, sid_hash, id_token, at)

    def stop_waiting(self, provider: str, identity_id: UUID | None, sid: str | None) -> int:
        """Ends log-ins that wait, of an identity or of one session there; how many."""
        with self._pool.connection() as connection:
            return connection.execute(
                "DELETE FROM access.login_challenges WHERE token_hash IN"
                f" (SELECT token_hash FROM access.sso_challenges WHERE {_NAMED})",
                _named(provider, identity_id, sid),
            ).rowcount

    def vouching(self, theirs: SsoSession, authenticated_at: datetime | None) -> Vouching:
        """For a session of ours to begin with: it is remembered which log-in there it came from.

        Beginning it raises `EndedMeanwhile` when the provider has told of a log-out since.
        """
        return _Remembered(theirs, authenticated_at, self._seal)

    def session(self, session_id: UUID) -> tuple[str, str] | None:
        """The provider of a session and its ID token; None when it began with a password."""
        with self._pool.connection() as connection:
            row = connection.execute(
                "SELECT provider, sealed_token FROM access.sso_sessions WHERE session_id = %s",
                (session_id,),
            ).fetchone()
        return (row[0], self._seal.open(row[1], session_id.bytes).decode()) if row else None

    def live_sessions(
        self, provider: str, identity_id: UUID | None, sid: str | None
    ) -> list[tuple[UUID, UUID]]:
        """(session, learner) of what is still open of an identity, or of one session there."""
        with self._pool.connection() as connection:
            rows = connection.execute(
                "SELECT session_id, s.learner_id FROM access.sso_sessions"
                " JOIN access.sessions s USING (session_id)"
                f" WHERE s.ended_at IS NULL AND {_NAMED}",
                _named(provider, identity_id, sid),
            ).fetchall()
        return [(session_id, learner_id) for session_id, learner_id in rows]

    def use_logout_token(
        self,
        provider: str,
        token_id: str,
        expires_at: datetime,
        identity_id: UUID | None,
        sid: str | None,
    ) -> bool:
        """Whether this is the first time that the log-out token is shown.

        What it tells of begins no session from now on, and what has begun can be seen.
        """
        now = self._clock()
        kept = max(expires_at, now + LOG_OUTS_KEPT)
        with self._pool.connection() as connection, connection.transaction():
            connection.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (_lock(provider),)
            )
            connection.execute(
                "DELETE FROM access.sso_logout_tokens WHERE expires_at <= %s", (now,)
            )
            inserted = connection.execute(
                "INSERT INTO access.sso_logout_tokens"
                " (token_hash, expires_at, provider, identity_id, sid_hash, used_at)"
                " VALUES (%s, %s, %s, %s, %s, clock_timestamp()) ON CONFLICT DO NOTHING",
                (
                    _hash(f"{provider}\x00{token_id}"),
                    *(kept, provider, identity_id, _sid_hash(provider, sid)),
                ),
            )
        return inserted.rowcount == 1


class _Remembered:
    """See `Vouching`."""

    def __init__(self, theirs: SsoSession, authenticated_at: datetime | None, seal: Seal) -> None:
        self._theirs = theirs
        self._seal = seal
        self.authenticated_at = authenticated_at

    def remember(self, connection: Connection[TupleRow], session_id: UUID) -> None:
        """Waits for a log-out that is just being told of; the next one waits for this."""
        theirs = self._theirs
        sealed = self._seal.seal(theirs.id_token.encode(), session_id.bytes)
        named = (theirs.provider, theirs.identity_id, theirs.sid_hash)
        connection.execute(
            "SELECT pg_advisory_xact_lock_shared(hashtextextended(%s, 0))",
            (_lock(theirs.provider),),
        )
        ended = connection.execute(
            "SELECT 1 FROM access.sso_logout_tokens WHERE provider = %s"
            " AND (identity_id = %s OR identity_id IS NULL)"
            " AND (sid_hash = %s OR sid_hash IS NULL) AND used_at >= %s LIMIT 1",
            (*named, theirs.identified_at),
        ).fetchone()
        if ended is not None:
            raise EndedMeanwhile
        connection.execute(
            "INSERT INTO access.sso_sessions"
            " (session_id, provider, identity_id, sid_hash, sealed_token)"
            " VALUES (%s, %s, %s, %s, %s)",
            (session_id, *named, sealed),
        )


def end_sessions_of_identity_statement(identity_id: UUID, at: datetime) -> Statement:
    """Ends what an identity began, in the transaction of the event that says that it is gone."""
    return (
        (
            "UPDATE access.sessions SET ended_at = %s, ended_by = 'unlinked' WHERE ended_at IS NULL"
            " AND session_id IN (SELECT session_id FROM access.sso_sessions WHERE identity_id = %s)"
        ),
        (at, identity_id),
    )


def _lock(provider: str) -> str:
    return f"log-outs of {provider}"


_NAMED = (
    "provider = %(provider)s"
    " AND (identity_id = %(identity)s OR %(identity)s::uuid IS NULL)"
    " AND (sid_hash = %(sid)s OR %(sid)s::bytea IS NULL)"
    " AND (%(identity)s::uuid IS NOT NULL OR %(sid)s::bytea IS NOT NULL)"
)


def _named(provider: str, identity_id: UUID | None, sid: str | None) -> dict[str, object]:
    """The parameters of `_NAMED`."""
    return {"provider": provider, "identity": identity_id, "sid": _sid_hash(provider, sid)}


def _sid_hash(provider: str, sid: str | None) -> bytes | None:
    return None if sid is None else _hash(f"{provider}\x00{sid}")


def _secret() -> str:
    return secrets.token_urlsafe(32)


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()
