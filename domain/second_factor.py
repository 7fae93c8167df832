"""A person's second factor: one-time passwords from an authenticator app, and recovery codes."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain import text
from domain.aggregate import Aggregate, event
from domain.errors import Conflict
from domain.identity import second_factor_id


class SecondFactorConfirmed(Conflict):
    code = "second-factor-confirmed"


class NoSecondFactor(Conflict):
    code = "no-second-factor"


class EnrolmentOutdated(Conflict):
    code = "enrolment-outdated"


class CodeKind(StrEnum):
    TOTP = "totp"
    RECOVERY = "recovery"


class SecondFactor(Aggregate):
    """Secrets and codes are never in its events: they are in operational tables."""

    STREAM_TYPE = "second_factor"

    learner_id: UUID
    enrolment_id: UUID | None
    is_confirmed: bool
    recovery_codes: int

    class Opened(Aggregate.Created):
        TOPIC = "second_factor.opened"
        learner_id: UUID

    class EnrolmentStarted(Aggregate.Event):
        """A secret was shown; it counts once a code of it has come back."""

        TOPIC = "second_factor.enrolment_started"
        enrolment_id: UUID

    class Confirmed(Aggregate.Event):
        TOPIC = "second_factor.confirmed"
        enrolment_id: UUID
        recovery_codes: int

    class RecoveryCodesReplaced(Aggregate.Event):
        TOPIC = "second_factor.recovery_codes_replaced"
        recovery_codes: int

    class RecoveryCodeUsed(Aggregate.Event):
        TOPIC = "second_factor.recovery_code_used"
        left: int

    class Disabled(Aggregate.Event):
        TOPIC = "second_factor.disabled"

    class Reset(Aggregate.Event):
        """Somebody else has taken it away, from a person who has lost it."""

        TOPIC = "second_factor.reset"
        reason: str

    def __init__(self, learner_id: UUID) -> None:
        self.learner_id = learner_id
        self.enrolment_id = None
        self.is_confirmed = False
        self.recovery_codes = 0

    @classmethod
    def open(cls, *, learner_id: UUID, at: datetime) -> "SecondFactor":
        id = second_factor_id(learner_id)
        return cls._create(cls.Opened, id=id, timestamp=at, learner_id=learner_id)

    def start_enrolment(self, *, enrolment_id: UUID, at: datetime) -> None:
        if self.is_confirmed:
            raise SecondFactorConfirmed("There is a second factor already: disable it first.")
        self.trigger_event(self.EnrolmentStarted, timestamp=at, enrolment_id=enrolment_id)

    def confirm(self, *, enrolment_id: UUID, recovery_codes: int, at: datetime) -> None:
        if self.is_confirmed:
            raise SecondFactorConfirmed("The second factor is confirmed already.")
        if self.enrolment_id != enrolment_id:
            raise EnrolmentOutdated(
                "The enrolment was begun anew: use a code of the newest secret."
            )
        self.trigger_event(
            self.Confirmed,
            timestamp=at,
            enrolment_id=enrolment_id,
            recovery_codes=recovery_codes,
        )

    def replace_recovery_codes(self, *, recovery_codes: int, at: datetime) -> None:
        self.must_be_confirmed()
        self.trigger_event(self.RecoveryCodesReplaced, timestamp=at, recovery_codes=recovery_codes)

    def use_recovery_code(self, *, at: datetime) -> None:
        self.must_be_confirmed()
        left = max(self.recovery_codes - 1, 0)
        self.trigger_event(self.RecoveryCodeUsed, timestamp=at, left=left)

    def disable(self, *, at: datetime) -> None:
        self.must_be_confirmed()
        self.trigger_event(self.Disabled, timestamp=at)

    def reset(self, *, reason: str, at: datetime) -> None:
        self.must_be_confirmed()
        reason = text.required(reason, "reason", 1_000)
        self.trigger_event(self.Reset, timestamp=at, reason=reason)

    def must_be_confirmed(self) -> None:
        if not self.is_confirmed:
            raise NoSecondFactor("There is no second factor.")

    @event(EnrolmentStarted)
    def _enrolment_started(self, enrolment_id: UUID) -> None:
        self.enrolment_id = enrolment_id

    @event(Confirmed)
    def _confirmed(self, recovery_codes: int) -> None:
        self.is_confirmed = True
        self.recovery_codes = recovery_codes

    @event(RecoveryCodesReplaced)
    def _recovery_codes_replaced(self, recovery_codes: int) -> None:
        self.recovery_codes = recovery_codes

    @event(RecoveryCodeUsed)
    def _recovery_code_used(self, left: int) -> None:
        self.recovery_codes = left

    @event(Disabled)
    def _disabled(self) -> None:
        self._forget()

    @event(Reset)
    def _reset(self) -> None:
        self._forget()

    def _forget(self) -> None:
        self.enrolment_id = None
        self.is_confirmed = False
        self.recovery_codes = 0
