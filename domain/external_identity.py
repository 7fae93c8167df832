"""An index stream: whose account here somebody of an identity provider or a directory has."""

from datetime import datetime
from uuid import UUID

from domain.aggregate import Aggregate, event
from domain.errors import Conflict, Invalid
from domain.identity import external_identity_id

LONGEST_SUBJECT = 1_000
"""OpenID Connect allows 255; a directory's names can be longer."""


class IdentityTaken(Conflict):
    code = "identity-taken"


class IdentityNotLinked(Conflict):
    code = "identity-not-linked"


class ExternalIdentity(Aggregate):
    """One subject of one issuer. The subject, which may be a name, isn't stored: its hash is the
    stream's id."""

    STREAM_TYPE = "external_identity"

    provider: str
    learner_id: UUID | None

    class Linked(Aggregate.Created):
        TOPIC = "external_identity.linked"
        learner_id: UUID
        provider: str
        issuer: str

    class Relinked(Aggregate.Event):
        TOPIC = "external_identity.relinked"
        learner_id: UUID
        provider: str

    class Unlinked(Aggregate.Event):
        TOPIC = "external_identity.unlinked"
        learner_id: UUID

    def __init__(self, learner_id: UUID, provider: str) -> None:
        self.learner_id = learner_id
        self.provider = provider

    @classmethod
    def link(
        cls, *, issuer: str, subject: str, provider: str, learner_id: UUID, at: datetime
    ) -> "ExternalIdentity":
        if not 0 < len(subject) <= LONGEST_SUBJECT:
            raise Invalid("A subject has a length from 1 to 1,000.", field="subject")
        id = external_identity_id(issuer, subject)
        return cls._create(
            cls.Linked,
            id=id,
            timestamp=at,
            learner_id=learner_id,
            provider=provider,
            issuer=issuer,
        )

    def relink(self, *, provider: str, learner_id: UUID, at: datetime) -> None:
        if self.learner_id not in {None, learner_id}:
            raise IdentityTaken("This identity belongs to another account.")
        if self.learner_id is None:
            self.trigger_event(
                self.Relinked, timestamp=at, learner_id=learner_id, provider=provider
            )

    def unlink(self, *, at: datetime) -> None:
        if self.learner_id is None:
            raise IdentityNotLinked("This identity belongs to no account.")
        self.trigger_event(self.Unlinked, timestamp=at, learner_id=self.learner_id)

    @event(Relinked)
    def _relinked(self, learner_id: UUID, provider: str) -> None:
        self.learner_id = learner_id
        self.provider = provider

    @event(Unlinked)
    def _unlinked(self) -> None:
        self.learner_id = None
