"""Slows down guessing: failed log-ins per account and per address, with a growing delay.

A log-in is counted as failed when it is admitted, before the password is checked, and taken back
when the password was right: so a thousand guesses sent at once are a thousand, not one. Who is made
to wait isn't counted again, so nobody can lock another out for longer by knocking on.
"""

import hashlib
import hmac
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool

from access.network import network_of


class Limit(NamedTuple):
    """How often one may fail.

    From the failure number `free` on one has to wait: a second, then twice as long each time, up to
    `longest_delay` seconds. After a pause of `forgotten_after` the count begins anew.
    """

    free: int
    longest_delay: int
    forgotten_after: timedelta


PER_ACCOUNT = Limit(free=5, longest_delay=300, forgotten_after=timedelta(hours=24))
RESETS_PER_NAME = Limit(free=3, longest_delay=900, forgotten_after=timedelta(hours=24))
"""For "I have forgotten my password", which mails somebody."""
RESETS_PER_ADDRESS = Limit(free=30, longest_delay=300, forgotten_after=timedelta(hours=1))
PER_ADDRESS = Limit(free=100, longest_delay=30, forgotten_after=timedelta(minutes=15))
"""Wider: a whole company may stand behind one address."""


class Throttled(Exception):
    """Too many failures: try again in `retry_after` seconds."""

    code = "too-many-failed-logins"

    def __init__(self, retry_after: int, what: str = "failed log-ins") -> None:
        seconds = "a second" if retry_after == 1 else f"{retry_after} seconds"
        super().__init__(f"Too many {what}; try again in {seconds}.")
        self.retry_after = retry_after


class Throttle:
    """Counts failed log-ins in Postgres, so for all processes together; needs `lms_write`.

    `secret` (32 bytes) keys the hashes that stand for accounts and addresses.
    """

    def __init__(
        self,
        pool: ConnectionPool,
        secret: bytes,
        *,
        per_account: Limit = PER_ACCOUNT,
        per_address: Limit = PER_ADDRESS,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._pool = pool
        self._per_account = per_account
        self._per_address = per_address
        self._secret = hmac.digest(secret, b"lms log-in throttle", "sha256")
        self._clock = clock

    def admit(self, account: str, address: str | None) -> None:
        """Let one log-in through to the password check, or not; counts it as failed for now.

        `account` is the learner's id when the name is known, else the name as it was typed: both
        meet the same limits. `address` is the client's IP address.

        Raises:
            Throttled: the account or the address has to wait; nothing is counted.
        """
        now = self._clock()
        with self._pool.connection() as connection, connection.transaction():
            _admit(connection, self._account(account), self._per_account, now)
            if address is not None:
                _admit(connection, self._address(address), self._per_address, now)

    def succeeded(self, account: str, address: str | None) -> None:
        """The password was right: the account's failures are forgotten, the address's count goes
        back by one (else one valid account would let its owner guess at all others for ever)."""
        with self._pool.connection() as connection, connection.transaction():
            connection.execute(
                "DELETE FROM access.failed_logins WHERE key = %s", (self._account(account),)
            )
            if address is not None:
                connection.execute(
                    "UPDATE access.failed_logins"
                    " SET failures = greatest(failures - 1, 0), blocked_until = NULL"
                    " WHERE key = %s",
                    (self._address(address),),
                )

    def forget_old(self) -> int:
        """Delete counts that no longer matter; how many."""
        pause = max(self._per_account.forgotten_after, self._per_address.forgotten_after)
        with self._pool.connection() as connection:
            return connection.execute(
                "DELETE FROM access.failed_logins WHERE last_at < %s", (self._clock() - pause,)
            ).rowcount

    def _account(self, account: str) -> bytes:
        return self._key("account", account.strip().casefold())

    def _address(self, address: str) -> bytes:
        return self._key("address", network_of(address))

    def _key(self, kind: str, value: str) -> bytes:
        message = f"{kind}:{value}".encode(errors="surrogatepass")
        return hmac.digest(self._secret, message, hashlib.sha256)


_COUNT = """
INSERT INTO access.failed_logins AS f (key, failures, last_at)
VALUES (%(key)s, 1, %(now)s)
ON CONFLICT (key) DO UPDATE SET
    last_at = %(now)s,
    failures = CASE WHEN f.last_at < %(forgotten)s THEN 1 ELSE f.failures + 1 END,
    blocked_until = CASE
        WHEN f.last_at >= %(forgotten)s AND f.failures + 1 >= %(free)s
        THEN %(now)s + make_interval(
            secs => least(%(longest)s, power(2, least(f.failures + 1 - %(free)s, 30))))
    END
WHERE f.blocked_until IS NULL OR f.blocked_until <= %(now)s
RETURNING failures
"""


def _admit(connection: Connection[TupleRow], key: bytes, limit: Limit, now: datetime) -> None:
    parameters = {
        "key": key,
        "now": now,
        "forgotten": now - limit.forgotten_after,
        "free": limit.free,
        "longest": limit.longest_delay,
    }
    if connection.execute(_COUNT, parameters).fetchone() is None:
        raise Throttled(_seconds_to_wait(connection, key, now))


def _seconds_to_wait(connection: Connection[TupleRow], key: bytes, now: datetime) -> int:
    row = connection.execute(
        "SELECT blocked_until FROM access.failed_logins WHERE key = %s", (key,)
    ).fetchone()
    if row is None or row[0] is None:  # a log-in that was right came in between
        return 1
    wait: timedelta = row[0] - now
    return max(1, math.ceil(wait.total_seconds()))
