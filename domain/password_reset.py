"""A link to a new password, from the wish for it to its use."""

from datetime import datetime
from uuid import UUID

from domain.aggregate import Aggregate, event
from domain.errors import Conflict


class ResetUsed(Conflict):
    code = "invalid-reset-link"


class ResetOver(Conflict):
    code = "invalid-reset-link"


class PasswordReset(Aggregate):
    """One link. Its token stands nowhere in here: whoever has it has read the owner's mail."""

    STREAM_TYPE = "password_reset"

    learner_id: UUID
    expires_at: datetime | None
    used: bool

    class Requested(Aggregate.Created):
        """Somebody, who may be anybody, wants it for the learner.

        `network` is the keyed hash of where such a somebody asked from.
        """

        TOPIC = "password_reset.requested"
        learner_id: UUID
        network: str | None

    class Mailed(Aggregate.Event):
        """The link was handed to the mail server; it is good until `expires_at`."""

        TOPIC = "password_reset.mailed"
        learner_id: UUID
        expires_at: datetime

    class Abandoned(Aggregate.Event):
        """The link could not be mailed: `reason` is the kind of failure."""

        TOPIC = "password_reset.abandoned"
        learner_id: UUID
        reason: str

    class Used(Aggregate.Event):
        TOPIC = "password_reset.used"
        learner_id: UUID

    def __init__(self, learner_id: UUID) -> None:
        self.learner_id = learner_id
        self.expires_at = None
        self.used = False

    @classmethod
    def request(
        cls, *, id: UUID, learner_id: UUID, network: str | None, at: datetime
    ) -> "PasswordReset":
        return cls._create(
            cls.Requested, id=id, timestamp=at, learner_id=learner_id, network=network
        )

    def mailed(self, *, expires_at: datetime, at: datetime) -> None:
        """A mail that was sent twice, after a crash, brings a new link and a new end."""
        self.trigger_event(
            self.Mailed, timestamp=at, learner_id=self.learner_id, expires_at=expires_at
        )

    def abandon(self, *, reason: str, at: datetime) -> None:
        self.trigger_event(self.Abandoned, timestamp=at, learner_id=self.learner_id, reason=reason)

    def use(self, *, at: datetime) -> None:
        """Who has the link may set a password, once."""
        if self.used:
            raise ResetUsed("This link has been used.")
        if self.expires_at is not None and at >= self.expires_at:
            raise ResetOver("This link isn't good any more.")
        self.trigger_event(self.Used, timestamp=at, learner_id=self.learner_id)

    @event(Mailed)
    def _mailed(self, expires_at: datetime) -> None:
        self.expires_at = expires_at

    @event(Used)
    def _used(self) -> None:
        self.used = True
