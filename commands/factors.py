"""Everything that people do with second factors: enrol, confirm, log in, step up, give up."""

from uuid import UUID, uuid4

import msgspec

from access.actor import Actor
from access.challenges import Challenges, InvalidChallenge
from access.passwords import Passwords
from access.recovery_codes import RecoveryCodes
from access.refusals import RefusedAct, Why
from access.sessions import PASSWORD, Sessions
from access.sso import EndedMeanwhile, SsoTables
from access.totp import SharedSecret, Totp
from commands.admission import AccessToken, Admission, Tokens
from commands.context import Context, Recorded
from commands.directory import DirectoryAccounts
from commands.dispatcher import Dispatcher
from commands.doorkeeper import Doorkeeper
from commands.errors import NotAPerson
from commands.login import InvalidCredentials, WrongPassword
from commands.proof import OTP, FactorCheck, Given, WrongCode, method_of
from commands.second_factor import (
    ConfirmSecondFactor,
    DisableSecondFactor,
    ReplaceRecoveryCodes,
    StartSecondFactor,
)
from commands.session import StepUp
from domain.errors import Conflict, Invalid
from domain.learner import Learner
from domain.second_factor import NoSecondFactor
from event_store.application import Log


class InvalidCode(Exception):
    """The second factor wasn't shown; the same for a wrong code and one that was used."""

    code = "invalid-code"
    detail = "This code is wrong or was used before."


class SecondFactorEnforced(Conflict):
    """A role that the person holds asks for a second factor."""

    code = "second-factor-enforced"


class Enrolment(msgspec.Struct, frozen=True):
    """What an authenticator app is to be given, shown once, and what every command answers."""

    enrolment_id: UUID
    shared: SharedSecret
    recorded: Recorded


class ShownCodes(msgspec.Struct, frozen=True):
    """Recovery codes, shown once, and what every command answers."""

    recovery_codes: list[str]
    recorded: Recorded

    def __repr__(self) -> str:
        return f"ShownCodes({self.recorded!r})"


class SecondFactors:
    """Checks what needs a look at secrets, then sends the commands."""

    def __init__(
        self,
        log: Log,
        dispatcher: Dispatcher,
        admission: Admission,
        passwords: Passwords,
        sessions: Sessions,
        challenges: Challenges,
        totp: Totp,
        recovery_codes: RecoveryCodes,
        door: Doorkeeper,
        sso: SsoTables,
        directory: DirectoryAccounts | None = None,
    ) -> None:
        """`directory` is asked when the password isn't one of ours."""
        self._log = log
        self._dispatcher = dispatcher
        self._admission = admission
        self._passwords = passwords
        self._sessions = sessions
        self._challenges = challenges
        self._totp = totp
        self._recovery_codes = recovery_codes
        self._door = door
        self._sso = sso
        self._directory = directory
        self._check = FactorCheck(dispatcher, totp, recovery_codes, door)

    def start_enrolment(self, context: Context) -> Enrolment:
        """Makes a secret. Raises `StepUpRequired`, `SecondFactorConfirmed`."""
        learner = self._learner(context.actor)
        shared, sealed = self._totp.new_secret(learner.id, learner.username)
        command = StartSecondFactor(
            learner_id=learner.id, enrolment_id=uuid4(), sealed_secret=sealed
        )
        recorded = self._dispatcher.dispatch(command, context)
        return Enrolment(command.enrolment_id, shared, recorded)

    def confirm(self, code: str, context: Context) -> ShownCodes:
        """The app works: from now on log-ins ask for it. This session has shown it already.

        Raises `NoSecondFactor`, `WrongCode`, `Throttled`.
        """
        learner = self._learner(context.actor)
        enrolment_id = self._totp.pending(learner.id)
        if enrolment_id is None:
            raise NoSecondFactor("No enrolment waits to be confirmed: begin one.")
        self._check.use(Given(code=code), context)
        codes, hashes = self._recovery_codes.new(learner.id)
        command = ConfirmSecondFactor(
            learner_id=learner.id, enrolment_id=enrolment_id, code_hashes=hashes
        )
        recorded = self._dispatcher.dispatch(command, context)
        if context.actor.session_id is not None:
            self._sessions.prove_again(context.actor.session_id, {OTP})
        return ShownCodes(codes, recorded)

    def replace_recovery_codes(self, context: Context) -> ShownCodes:
        """Makes new recovery codes; those before are worthless. Raises `StepUpRequired`."""
        learner = self._learner(context.actor)
        codes, hashes = self._recovery_codes.new(learner.id)
        command = ReplaceRecoveryCodes(learner_id=learner.id, code_hashes=hashes)
        return ShownCodes(codes, self._dispatcher.dispatch(command, context))

    def disable(self, given: Given, context: Context) -> Recorded:
        """Gives the second factor up, against showing it once more.

        Raises `SecondFactorEnforced`, `NoSecondFactor`, `WrongCode`, `Throttled`.
        """
        learner = self._learner(context.actor)
        self._must_have(learner.id)
        if self._admission.enforced & set(learner.roles):
            raise SecondFactorEnforced("A role that you hold asks for a second factor.")
        self._check.use(given, context)
        return self._dispatcher.dispatch(DisableSecondFactor(learner_id=learner.id), context)

    def log_in(self, challenge: str, given: Given, context: Context) -> Tokens:
        """The second step of a log-in.

        Raises `InvalidChallenge`, `InvalidCode`, `Throttled`.
        """
        kind = given.kind
        waiting = self._challenges.attempt(challenge)
        learner = self._log.find_latest(Learner, waiting.learner_id)
        if learner is None or not learner.active:
            raise InvalidChallenge
        self._must_have(learner.id)
        actor = Actor(id=learner.id, roles=frozenset(learner.roles))
        try:
            self._check.use(given, msgspec.structs.replace(context, actor=actor))
        except WrongCode:
            raise InvalidCode from None
        origin = self._sso.waiting(challenge)
        self._challenges.settle(challenge)
        factors, method = waiting.factors | {OTP}, method_of(kind, waiting.method)
        # The code has just been shown, whenever the log-in at the provider was.
        vouched = self._sso.vouching(origin, context.now) if origin else None
        try:
            return self._admission.start(
                learner, factors, context, method=method, vouched=vouched
            ).tokens
        except EndedMeanwhile:
            self._door.refuse(RefusedAct.SIGN_ON, Why.SESSION_ENDED, context, learner.id)
            raise InvalidChallenge from None

    def step_up(self, password: str | None, given: Given, context: Context) -> AccessToken:
        """Proves once more, in the session at hand, who one is: by the second factor of those who
        have one, else by the password.

        Raises `WrongPassword`, `WrongCode`, `Throttled`, `InvalidCredentials` (it has ended).
        """
        learner = self._learner(context.actor)
        if self._admission.has_second_factor(learner.id):
            self._check.use(given, context)
            factor = OTP
        else:
            self._check_password(learner, password, context)
            factor = PASSWORD
        session_id = context.actor.session_id
        proof = self._sessions.prove_again(session_id, {factor}) if session_id else None
        if session_id is None or proof is None:
            raise InvalidCredentials
        self._dispatcher.dispatch(StepUp(learner_id=learner.id, factors=[factor]), context)
        return self._admission.access_token(learner, session_id, proof)

    def _check_password(self, learner: Learner, password: str | None, context: Context) -> None:
        """The same password as at the log-in: ours, or the directory's."""
        if password is None:
            raise Invalid("Give your password.", field="password")
        account = str(learner.id)
        self._door.admit(RefusedAct.STEP_UP, account, context, learner.id)
        right = self._passwords.verify(learner.id, password) or (
            self._directory is not None and self._directory.proves_anew(learner, password, context)
        )
        if not right:
            self._door.refuse(RefusedAct.STEP_UP, Why.WRONG_PASSWORD, context, learner.id)
            raise WrongPassword("The password is wrong.", field="password")
        self._door.succeeded(account, context)

    def _must_have(self, learner_id: UUID) -> None:
        if not self._admission.has_second_factor(learner_id):
            raise NoSecondFactor("There is no second factor.")

    def _learner(self, actor: Actor) -> Learner:
        learner = None
        if actor.id is not None and not actor.is_service:
            learner = self._log.find_latest(Learner, actor.id)
        if learner is None:
            raise NotAPerson
        learner.must_be_active()
        return learner
