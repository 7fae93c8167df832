"""What was refused at the door, counted for the audit.

A refused log-in costs one row of this table, however often it comes, and is told to the log as a
sum: the first one at once, then those of ever longer pauses, an hour at most. So ten thousand wrong
passwords are all in the history, in some ten events, and nobody fills the log by knocking.

What is known is counted by learner, or by service account, under the same `learner_id`. Who names
nobody is counted by the network that they come from: names can be made up without end, networks
hardly. A name that nobody has is kept as a keyed hash, under which an administrator who suspects a
name can find it again.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec
from psycopg.rows import class_row
from psycopg_pool import ConnectionPool

from access.network import network_of
from access.statement import Statement

FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(hours=1)
KEPT_FOR = timedelta(hours=25)
_LOCK = 0x4C4D53_0011


class RefusedAct(StrEnum):
    """What was refused."""

    LOG_IN = "log-in"
    REFRESH = "refresh"
    PASSWORD_CHANGE = "password-change"
    PASSWORD_RESET = "password-reset"
    SECOND_FACTOR = "second-factor"
    STEP_UP = "step-up"
    SERVICE_TOKEN = "service-token"
    SIGN_ON = "sign-on"
    PROVIDER_LOG_OUT = "provider-log-out"
    ACCESS_TOKEN = "access-token"
    COMMAND = "command"
    IMPORT = "import"
    FILTER = "filter"


class Why(StrEnum):
    """Why it was refused."""

    WRONG_PASSWORD = "wrong-password"
    UNKNOWN_NAME = "unknown-name"
    INACTIVE = "inactive"
    THROTTLED = "throttled"
    PASSWORD_EXPIRED = "password-expired"
    UNKNOWN_TOKEN = "unknown-token"
    TOKEN_REUSED = "token-reused"
    SESSION_ENDED = "session-ended"
    TOKEN_EXPIRED = "token-expired"
    WRONG_CODE = "wrong-code"
    CODE_REPLAYED = "code-replayed"
    WRONG_RECOVERY_CODE = "wrong-recovery-code"
    WRONG_SECRET = "wrong-secret"
    UNKNOWN_CLIENT = "unknown-client"
    NOT_PROVED = "not-proved"
    NO_ACCOUNT = "no-account"
    UNKNOWN_CODE = "unknown-code"
    INVALID_TOKEN = "invalid-token"
    NO_PASSWORD = "no-password"
    NAME_TAKEN = "name-taken"
    UNREADABLE = "unreadable"


class Untold(msgspec.Struct, frozen=True):
    """`number` refusals that the log doesn't know of; `counted` is how many there are in all."""

    key: bytes
    kind: str
    reason: str
    learner_id: UUID | None
    name_hash: str | None
    network: str | None
    address: str | None
    number: int
    counted: int
    first_at: datetime
    last_at: datetime


class Refusals:
    """Counts in Postgres, for all processes together; needs `lms_write`.

    `secret` (32 bytes) keys the hashes that stand for names and networks.
    """

    def __init__(
        self,
        pool: ConnectionPool,
        secret: bytes,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._pool = pool
        self._secret = hmac.digest(secret, b"lms refusals", "sha256")
        self._clock = clock

    def count(
        self,
        act: RefusedAct,
        why: Why,
        *,
        learner_id: UUID | None = None,
        name: str | None = None,
        address: str | None = None,
        number: int = 1,
    ) -> None:
        """So many more. `name` is what was typed, in its canonical form."""
        network = self.network(address)
        subject = str(learner_id) if learner_id else network or ""
        parameters = {
            "key": self._digest("key", f"{act}:{why}:{subject}"),
            "kind": str(act),
            "reason": str(why),
            "learner_id": learner_id,
            "name_hash": self.name(name) if name and not learner_id else None,
            "network": network,
            "address": address if learner_id else None,
            "number": number,
            "now": self._clock(),
            "pause": FIRST_PAUSE,
        }
        with self._pool.connection() as connection:
            connection.execute(_COUNT, parameters)

    def untold(self, limit: int) -> list[Untold]:
        """What is due to be told, longest due first."""
        with self._pool.connection() as connection:
            return (
                connection.cursor(row_factory=class_row(Untold))
                .execute(
                    "SELECT key, kind, reason, learner_id, name_hash, network, address,"
                    " counted - told AS number, counted, first_at, last_at"
                    " FROM access.refusals WHERE tell_at <= %s ORDER BY tell_at LIMIT %s",
                    (self._clock(), limit),
                )
                .fetchall()
            )

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Yields whether nobody else tells the log of refusals while the block runs."""
        with self._pool.connection() as connection:
            row = connection.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,)).fetchone()
            if row is None or not row[0]:
                yield False
                return
            try:
                yield True
            finally:
                connection.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))

    def forget_old(self) -> int:
        """Deletes counts that are told and over; how many."""
        with self._pool.connection() as connection:
            return connection.execute(
                "DELETE FROM access.refusals WHERE tell_at IS NULL AND last_at < %s",
                (self._clock() - KEPT_FOR,),
            ).rowcount

    def network(self, address: str | None) -> str | None:
        """What stands for a client's network in the log."""
        return self._hash("network", network_of(address)) if address else None

    def name(self, name: str) -> str:
        """What stands in the log for a name that nobody has, in its canonical form."""
        return self._hash("name", name)

    def _hash(self, kind: str, value: str) -> str:
        return self._digest(kind, value)[:16].hex()

    def _digest(self, kind: str, value: str) -> bytes:
        message = f"{kind}:{value}".encode(errors="surrogatepass")
        return hmac.digest(self._secret, message, hashlib.sha256)


def told_statement(key: bytes, counted: int, last_at: datetime, now: datetime) -> Statement:
    """The log knows of so many, in the transaction of the event that says so. The next ones are
    told after a pause twice as long."""
    return (
        (
            "UPDATE access.refusals SET told = %s, first_at = %s, pause = least(pause * 2, %s),"
            " tell_at = CASE WHEN counted > %s THEN %s + pause END WHERE key = %s AND told < %s"
        ),
        (counted, last_at, LONGEST_PAUSE, counted, now, key, counted),
    )


# A row that is told is due again after its pause; one that waits keeps its turn.
_COUNT = """
INSERT INTO access.refusals AS r (key, kind, reason, learner_id, name_hash, network, address,
    counted, first_at, last_at, tell_at, pause)
VALUES (%(key)s, %(kind)s, %(reason)s, %(learner_id)s, %(name_hash)s, %(network)s, %(address)s,
    %(number)s, %(now)s, %(now)s, %(now)s, %(pause)s)
ON CONFLICT (key) DO UPDATE SET
    counted = r.counted + excluded.counted,
    name_hash = excluded.name_hash,
    network = excluded.network,
    address = excluded.address,
    last_at = excluded.last_at,
    first_at = CASE WHEN r.tell_at IS NULL THEN excluded.first_at ELSE r.first_at END,
    tell_at = coalesce(r.tell_at, greatest(excluded.last_at, r.last_at + r.pause))
"""
