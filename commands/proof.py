"""Proving who one is by a second factor: a code of the authenticator, or a recovery code."""

import msgspec

from access.recovery_codes import RecoveryCodes
from access.refusals import RefusedAct, Why
from access.totp import CodeRefusal, Totp
from commands.context import Context
from commands.dispatcher import Dispatcher
from commands.doorkeeper import Doorkeeper
from commands.errors import NotAPerson
from commands.second_factor import RecordRecoveryCodeUse
from domain.errors import Invalid
from domain.second_factor import CodeKind

OTP = "otp"
"""RFC 8176 has no word for a recovery code: it is a one-time password as well."""


class WrongCode(Invalid):
    """The code is wrong, or was used before; nobody is told which."""

    code = "wrong-code"


class Given(msgspec.Struct, frozen=True):
    """What somebody shows: one of the two."""

    code: str | None = None
    recovery_code: str | None = None

    def __repr__(self) -> str:
        return f"Given({self.kind})"

    @property
    def is_nothing(self) -> bool:
        return self.code is None and self.recovery_code is None

    @property
    def kind(self) -> CodeKind:
        """Which of the two it is. Raises `Invalid` unless it is exactly one."""
        if (self.code is None) == (self.recovery_code is None):
            raise Invalid("Give either code or recovery_code.", field="code")
        return CodeKind.TOTP if self.code is not None else CodeKind.RECOVERY


class FactorCheck:
    """Uses codes up, throttled for each person; what was refused is counted."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        totp: Totp,
        recovery_codes: RecoveryCodes,
        door: Doorkeeper,
    ) -> None:
        self._dispatcher = dispatcher
        self._totp = totp
        self._recovery_codes = recovery_codes
        self._door = door

    def use(self, given: Given, context: Context) -> None:
        """Checks what the actor of `context` shows, who has a second factor or is enrolling one.

        Raises `WrongCode`, or `Throttled` after too many failures.
        """
        learner_id, kind = context.actor.id, given.kind
        if learner_id is None or context.actor.is_service:
            raise NotAPerson
        account = f"second factor of {learner_id}"
        self._door.admit(RefusedAct.SECOND_FACTOR, account, context, learner_id)
        if given.code is not None:
            refusal = self._totp.use(learner_id, given.code)
            why = Why.CODE_REPLAYED if refusal is CodeRefusal.REPLAYED else Why.WRONG_CODE
            accepted = refusal is None
        else:
            accepted = self._recovery_codes.use(learner_id, given.recovery_code or "")
            why = Why.WRONG_RECOVERY_CODE
        if not accepted:
            self._door.refuse(RefusedAct.SECOND_FACTOR, why, context, learner_id)
            field = "code" if kind is CodeKind.TOTP else "recovery_code"
            raise WrongCode("This code is wrong or was used before.", field=field)
        self._door.succeeded(account, context)
        if kind is CodeKind.RECOVERY:
            self._dispatcher.dispatch(RecordRecoveryCodeUse(learner_id=learner_id), context)


def method_of(kind: CodeKind, first: str | None = None) -> str | None:
    """What a log-in with this is called that began by `first`, a password when that is None; None:
    by its factors."""
    if kind is CodeKind.RECOVERY:
        return f"{first or 'password'} and recovery code"
    return f"{first} and one-time password" if first else None
