"""Deletes what time has made worthless: sessions, challenges, failure counts, retired keys."""

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from psycopg import OperationalError

from access.challenges import Challenges
from access.keys import SECONDS_UNTIL_STALE, SigningKeys
from access.sessions import Sessions
from access.throttle import Throttle
from access.tokens import LEEWAY_SECONDS

log = logging.getLogger(__name__)

SECONDS_BETWEEN = 600.0
MARGIN = timedelta(minutes=5)


def keys_kept_for(seconds_valid: int) -> timedelta:
    """How long after its retirement a key is still needed.

    Other processes may sign with it until they look anew, and such a token lives for
    `seconds_valid` from then on.
    """
    return timedelta(seconds=SECONDS_UNTIL_STALE + seconds_valid + LEEWAY_SECONDS) + MARGIN


class Housekeeping:
    """Runs on a thread of its own; in several processes at once it does no harm."""

    def __init__(
        self,
        sessions: Sessions,
        challenges: Challenges,
        throttle: Throttle,
        signing_keys: SigningKeys,
        *,
        keys_kept: timedelta,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._sessions = sessions
        self._challenges = challenges
        self._throttle = throttle
        self._signing_keys = signing_keys
        self._keys_kept = keys_kept
        self._clock = clock
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="housekeeping", daemon=True)

    def sweep(self) -> dict[str, int]:
        """Deletes once; how much of each kind."""
        return {
            "sessions": self._sessions.forget_expired(),
            "challenges": self._challenges.forget_expired(),
            "failure counts": self._throttle.forget_old(),
            "signing keys": self._signing_keys.prune(self._clock() - self._keys_kept),
        }

    def start(self) -> None:
        """Sweeps now and every ten minutes, until `stop`."""
        self._thread.start()

    def stop(self) -> None:
        """Waits for a sweep under way."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                swept = self.sweep()
            except OperationalError as error:
                log.warning("housekeeping has to wait for the database: %s", error)
            else:
                log.info("housekeeping: %s", swept)
            if self._stopping.wait(SECONDS_BETWEEN):
                return
