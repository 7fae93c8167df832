"""A wish that somebody's personal data be erased, and what became of it (GDPR, article 17)."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain import text
from domain.aggregate import Aggregate, event
from domain.errors import Conflict, Forbidden


class LegalBasis(StrEnum):
    """Why a person may be erased: article 17(1), points (a) to (f), in this order."""

    NO_LONGER_NECESSARY = "no-longer-necessary"
    CONSENT_WITHDRAWN = "consent-withdrawn"
    OBJECTION = "objection"
    UNLAWFUL_PROCESSING = "unlawful-processing"
    LEGAL_OBLIGATION = "legal-obligation"
    CHILD = "child"


class Ground(StrEnum):
    """Why a person may not be erased: article 17(3), points (a) to (e), in this order."""

    FREEDOM_OF_EXPRESSION = "freedom-of-expression"
    LEGAL_OBLIGATION = "legal-obligation"
    PUBLIC_HEALTH = "public-health"
    ARCHIVING = "archiving"
    LEGAL_CLAIMS = "legal-claims"


class ErasureState(StrEnum):
    REQUESTED = "requested"
    REFUSED = "refused"
    CARRIED_OUT = "carried out"
    SCRUBBED = "scrubbed"


class ErasureDecided(Conflict):
    code = "erasure-decided"


class ErasureNotCarriedOut(Conflict):
    code = "erasure-not-carried-out"


class AnotherPersonNeeded(Forbidden):
    """Whoever asks for an erasure isn't the one who approves it, and nobody approves their own."""

    code = "another-person-needed"


class Erasure(Aggregate):
    """One wish. The person is named by their id only, which says nothing once they are erased."""

    STREAM_TYPE = "erasure"

    learner_id: UUID
    legal_basis: LegalBasis
    requested_by: UUID | None
    state: ErasureState

    class Requested(Aggregate.Created):
        TOPIC = "erasure.requested"
        learner_id: UUID
        legal_basis: LegalBasis
        requested_by: UUID | None

    class Approved(Aggregate.Event):
        TOPIC = "erasure.approved"
        approved_by: UUID | None

    class Refused(Aggregate.Event):
        TOPIC = "erasure.refused"
        ground: Ground
        reason: str
        refused_by: UUID | None

    class CarriedOut(Aggregate.Event):
        """The key is destroyed, from this moment nobody reads the person's data in the log."""

        TOPIC = "erasure.carried_out"
        learner_id: UUID

    class Scrubbed(Aggregate.Event):
        """No copy in clear is left in what the program stores: `places` says what was rewritten."""

        TOPIC = "erasure.scrubbed"
        places: list[str]

    def __init__(
        self, learner_id: UUID, legal_basis: LegalBasis, requested_by: UUID | None
    ) -> None:
        self.learner_id = learner_id
        self.legal_basis = legal_basis
        self.requested_by = requested_by
        self.state = ErasureState.REQUESTED

    @classmethod
    def request(
        cls,
        *,
        id: UUID,
        learner_id: UUID,
        legal_basis: LegalBasis,
        requested_by: UUID | None,
        at: datetime,
    ) -> "Erasure":
        return cls._create(
            cls.Requested,
            id=id,
            timestamp=at,
            learner_id=learner_id,
            legal_basis=legal_basis,
            requested_by=requested_by,
        )

    @property
    def is_open(self) -> bool:
        return self.state is ErasureState.REQUESTED

    def approve(self, *, by: UUID | None, two_persons: bool, at: datetime) -> None:
        """Raises `AnotherPersonNeeded`, `ErasureDecided`."""
        self._must_be_open()
        if by == self.learner_id or (two_persons and by == self.requested_by):
            raise AnotherPersonNeeded("Another person than the one who asked has to approve this.")
        self.trigger_event(self.Approved, timestamp=at, approved_by=by)

    def refuse(self, *, ground: Ground, reason: str, by: UUID | None, at: datetime) -> None:
        self._must_be_open()
        reason = text.required(reason, "reason", 1_000)
        self.trigger_event(self.Refused, timestamp=at, ground=ground, reason=reason, refused_by=by)

    def carry_out(self, *, at: datetime) -> None:
        self._must_be_open()
        self.trigger_event(self.CarriedOut, timestamp=at, learner_id=self.learner_id)

    def note_scrubbed(self, *, places: list[str], at: datetime) -> None:
        if self.state not in {ErasureState.CARRIED_OUT, ErasureState.SCRUBBED}:
            raise ErasureNotCarriedOut("This erasure has not been carried out.")
        if self.state is ErasureState.CARRIED_OUT:
            self.trigger_event(self.Scrubbed, timestamp=at, places=places)

    def _must_be_open(self) -> None:
        if not self.is_open:
            raise ErasureDecided("This erasure was decided before.")

    @event(Refused)
    def _refused(self) -> None:
        self.state = ErasureState.REFUSED

    @event(CarriedOut)
    def _carried_out(self) -> None:
        self.state = ErasureState.CARRIED_OUT

    @event(Scrubbed)
    def _scrubbed(self) -> None:
        self.state = ErasureState.SCRUBBED
