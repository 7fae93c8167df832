"""That a person agrees to something that the company may do only if they do, or no more."""

from datetime import datetime
from uuid import UUID

from domain.aggregate import Aggregate, event
from domain.consent_purpose import ConsentPurpose
from domain.errors import Conflict
from domain.identity import consent_id


class ConsentNotGiven(Conflict):
    code = "consent-not-given"


class Consent(Aggregate):
    """One person's word on one purpose. Only they give and withdraw it; who, when and from where
    stands with each event, which text it was in the events of the purpose."""

    STREAM_TYPE = "consent"

    learner_id: UUID
    purpose: str
    text_version: int | None
    """The wording that the person agrees to; None after a withdrawal."""

    class Given(Aggregate.Created):
        """`purpose` is its code; `language` the one that the text was read in, if that is known."""

        TOPIC = "consent.given"
        learner_id: UUID
        purpose: str
        text_version: int
        language: str | None

    class Renewed(Aggregate.Event):
        """Given to a later wording, or once more after a withdrawal."""

        TOPIC = "consent.renewed"
        learner_id: UUID
        purpose: str
        text_version: int
        language: str | None

    class Withdrawn(Aggregate.Event):
        TOPIC = "consent.withdrawn"
        learner_id: UUID
        purpose: str
        text_version: int

    def __init__(self, learner_id: UUID, purpose: str, text_version: int) -> None:
        self.learner_id = learner_id
        self.purpose = purpose
        self.text_version = text_version

    @classmethod
    def give(
        cls,
        *,
        learner_id: UUID,
        purpose: str,
        text_version: int,
        language: str | None,
        at: datetime,
    ) -> "Consent":
        return cls._create(
            cls.Given,
            id=consent_id(learner_id, purpose),
            timestamp=at,
            learner_id=learner_id,
            purpose=purpose,
            text_version=text_version,
            language=language,
        )

    def renew(self, *, text_version: int, language: str | None, at: datetime) -> None:
        """Giving again what stands changes nothing."""
        if text_version != self.text_version:
            self.trigger_event(
                self.Renewed,
                timestamp=at,
                learner_id=self.learner_id,
                purpose=self.purpose,
                text_version=text_version,
                language=language,
            )

    def withdraw(self, *, at: datetime) -> None:
        """Always possible, also of an older wording. Raises `ConsentNotGiven`."""
        if self.text_version is None:
            raise ConsentNotGiven("This has been withdrawn already.")
        self.trigger_event(
            self.Withdrawn,
            timestamp=at,
            learner_id=self.learner_id,
            purpose=self.purpose,
            text_version=self.text_version,
        )

    def stands(self, purpose: ConsentPurpose) -> bool:
        """Whether it may be relied on: it is to the wording that is asked for now."""
        return not purpose.retired and self.text_version == purpose.text_version

    @event(Renewed)
    def _renewed(self, text_version: int) -> None:
        self.text_version = text_version

    @event(Withdrawn)
    def _withdrawn(self) -> None:
        self.text_version = None
