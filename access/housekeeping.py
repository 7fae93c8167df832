"""Deletes what time has made worthless: sessions, challenges, counts, links, retired keys."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from access.challenges import Challenges
from access.keys import SECONDS_UNTIL_STALE, SigningKeys
from access.refusals import Refusals
from access.resets import Resets
from access.sessions import Sessions
from access.throttle import Throttle
from access.tokens import LEEWAY_SECONDS

MARGIN = timedelta(minutes=5)


def keys_kept_for(seconds_valid: int) -> timedelta:
    """How long after its retirement a key is still needed.

    Other processes may sign with it until they look anew, and such a token lives for
    `seconds_valid` from then on.
    """
    return timedelta(seconds=SECONDS_UNTIL_STALE + seconds_valid + LEEWAY_SECONDS) + MARGIN


class Housekeeping:
    """In several processes at once it does no harm."""

    def __init__(
        self,
        sessions: Sessions,
        challenges: Challenges,
        throttle: Throttle,
        refusals: Refusals,
        resets: Resets,
        signing_keys: SigningKeys,
        *,
        keys_kept: timedelta,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._sessions = sessions
        self._challenges = challenges
        self._throttle = throttle
        self._refusals = refusals
        self._resets = resets
        self._signing_keys = signing_keys
        self._keys_kept = keys_kept
        self._clock = clock

    def sweep(self) -> dict[str, int]:
        """Deletes once; how much of each kind."""
        return {
            "sessions": self._sessions.forget_expired(),
            "challenges": self._challenges.forget_expired(),
            "failure counts": self._throttle.forget_old(),
            "refusal counts": self._refusals.forget_old(),
            "mailed links": self._resets.forget_expired(),
            "signing keys": self._signing_keys.prune(self._clock() - self._keys_kept),
        }
