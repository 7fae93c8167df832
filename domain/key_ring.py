"""The keys that sign access tokens and those that wrap all others, as history. Only their ids."""

from datetime import datetime

from domain import text
from domain.aggregate import Aggregate, event
from domain.identity import key_ring_id


class KeyRing(Aggregate):
    """One stream; it begins with the first rotation."""

    STREAM_TYPE = "key_ring"

    kid: str | None
    wrapping_key_id: str | None

    class Opened(Aggregate.Created):
        TOPIC = "key_ring.opened"

    class Rotated(Aggregate.Event):
        """`former_kid` is None when the former key was the first there was."""

        TOPIC = "key_ring.rotated"
        kid: str
        former_kid: str | None
        reason: str | None

    class MasterKeyRotated(Aggregate.Event):
        """Everything is wrapped by the wrapping key `key_id` now, and that by the master key
        `master_key_id`. `persons` and `secrets` are how many keys of persons, and how many sealed
        secrets, that are."""

        TOPIC = "key_ring.master_key_rotated"
        key_id: str
        former_key_ids: list[str]
        master_key_id: str
        former_master_key_ids: list[str]
        persons: int
        secrets: int
        reason: str | None

    class WrappingKeysDestroyed(Aggregate.Event):
        """Nothing was wrapped by them any more."""

        TOPIC = "key_ring.wrapping_keys_destroyed"
        key_ids: list[str]
        reason: str | None

    class Revoked(Aggregate.Event):
        """Nothing that was signed with it is believed any more: somebody else may have it."""

        TOPIC = "key_ring.revoked"
        kid: str
        reason: str | None

    def __init__(self) -> None:
        self.kid = None
        self.wrapping_key_id = None

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

    def rotate_master_key(
        self,
        *,
        key_id: str,
        former_key_ids: list[str],
        master_key_id: str,
        former_master_key_ids: list[str],
        persons: int,
        secrets: int,
        reason: str | None,
        at: datetime,
    ) -> None:
        """Of two who carry out the same rotation, one is recorded."""
        if key_id != self.wrapping_key_id:
            self.trigger_event(
                self.MasterKeyRotated,
                timestamp=at,
                key_id=key_id,
                former_key_ids=former_key_ids,
                master_key_id=master_key_id,
                former_master_key_ids=former_master_key_ids,
                persons=persons,
                secrets=secrets,
                reason=text.optional(reason, "reason", 1_000),
            )

    def destroy_wrapping_keys(
        self, *, key_ids: list[str], reason: str | None, at: datetime
    ) -> None:
        if key_ids:
            self.trigger_event(
                self.WrappingKeysDestroyed,
                timestamp=at,
                key_ids=key_ids,
                reason=text.optional(reason, "reason", 1_000),
            )

    def revoke(self, *, kid: str, reason: str | None, at: datetime) -> None:
        reason = text.optional(reason, "reason", 1_000)
        self.trigger_event(self.Revoked, timestamp=at, kid=kid, reason=reason)

    @event(Rotated)
    def _rotated(self, kid: str) -> None:
        self.kid = kid

    @event(MasterKeyRotated)
    def _master_key_rotated(self, key_id: str) -> None:
        self.wrapping_key_id = key_id

    @event(WrappingKeysDestroyed)
    def _wrapping_keys_destroyed(self) -> None:
        """It changes nothing here."""
