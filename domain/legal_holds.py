"""What must be kept because of a dispute or an inspection, whatever any policy or wish says."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from domain import text
from domain.aggregate import Aggregate, event
from domain.errors import Conflict, NotFound
from domain.identity import legal_holds_id


class HeldKind(StrEnum):
    LEARNER = "learner"
    COURSE = "course"


class Hold(msgspec.Struct, frozen=True):
    kind: HeldKind
    subject_id: UUID


class UnderLegalHold(Conflict):
    code = "under-legal-hold"


class HoldNotFound(NotFound):
    code = "hold-not-found"


class LegalHolds(Aggregate):
    """All holds, in one stream: there are few, and an erasure looks at all of them."""

    STREAM_TYPE = "legal_holds"
    SNAPSHOT_EVERY = 100

    holds: dict[UUID, Hold]

    class Opened(Aggregate.Created):
        TOPIC = "legal_holds.opened"

    class Placed(Aggregate.Event):
        TOPIC = "legal_holds.placed"
        hold_id: UUID
        kind: HeldKind
        subject_id: UUID
        reason: str

    class Released(Aggregate.Event):
        TOPIC = "legal_holds.released"
        hold_id: UUID
        kind: HeldKind
        subject_id: UUID
        reason: str

    def __init__(self) -> None:
        self.holds = {}

    @classmethod
    def open(cls, *, at: datetime) -> "LegalHolds":
        return cls._create(cls.Opened, id=legal_holds_id(), timestamp=at)

    def place(
        self, *, hold_id: UUID, kind: HeldKind, subject_id: UUID, reason: str, at: datetime
    ) -> None:
        """There may be several on one person or course: each is released by itself."""
        reason = text.required(reason, "reason", 1_000)
        self.trigger_event(
            self.Placed,
            timestamp=at,
            hold_id=hold_id,
            kind=kind,
            subject_id=subject_id,
            reason=reason,
        )

    def release(self, *, hold_id: UUID, reason: str, at: datetime) -> None:
        hold = self.holds.get(hold_id)
        if hold is None:
            raise HoldNotFound("There is no such hold.")
        reason = text.required(reason, "reason", 1_000)
        self.trigger_event(
            self.Released,
            timestamp=at,
            hold_id=hold_id,
            kind=hold.kind,
            subject_id=hold.subject_id,
            reason=reason,
        )

    def is_held(self, subject_id: UUID | None) -> bool:
        """Whether a person or a course is under a hold."""
        return any(hold.subject_id == subject_id for hold in self.holds.values())

    @property
    def courses(self) -> list[UUID]:
        """The courses that are under a hold."""
        held = {h.subject_id for h in self.holds.values() if h.kind is HeldKind.COURSE}
        return sorted(held)

    @event(Placed)
    def _placed(self, hold_id: UUID, kind: HeldKind, subject_id: UUID) -> None:
        self.holds[hold_id] = Hold(kind, subject_id)

    @event(Released)
    def _released(self, hold_id: UUID) -> None:
        del self.holds[hold_id]
