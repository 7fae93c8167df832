"""The keys that sign access tokens, as history: which signed from when on. Only their ids."""

from datetime import datetime

from domain import text
from domain.aggregate import Aggregate, event
from domain.identity import key_ring_id


class KeyRing(Aggregate):
    """One stream; it begins with the first rotation."""

    STREAM_TYPE = "key_ring"

    kid: str | None

    class Opened(Aggregate.Created):
        TOPIC = "key_ring.opened"

    class Rotated(Aggregate.Event):
        """`former_kid` is None when the former key was the first there was."""

        TOPIC = "key_ring.rotated"
        kid: str
        former_kid: str | None
        reason: str | None

    class Revoked(Aggregate.Event):
        """Nothing that was signed with it is believed any more: somebody else may have it."""

        TOPIC = "key_ring.revoked"
        kid: str
        reason: str | None

    def __init__(self) -> None:
        self.kid = None

    @classmethod
    def open(cls, *, at: datetime) -> "KeyRing":
        return cls._create(cls.Opened, id=key_ring_id(), timestamp=at)

    def rotate(self, *, kid: str, reason: str | None, at: datetime) -> None:
        self.trigger_event(
            self.Rotated,
            timestamp=at,
            kid=kid,
            former_kid=self.kid,
            reason=text.optional(reason, "reason", 1_000),
        )

    def revoke(self, *, kid: str, reason: str | None, at: datetime) -> None:
        reason = text.optional(reason, "reason", 1_000)
        self.trigger_event(self.Revoked, timestamp=at, kid=kid, reason=reason)

    @event(Rotated)
    def _rotated(self, kid: str) -> None:
        self.kid = kid
