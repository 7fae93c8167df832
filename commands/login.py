"""Logging in and out: what checks a password, starts a session and records that it happened."""

from uuid import UUID

import msgspec

from access.actor import Actor
from access.passwords import Passwords
from access.refusals import RefusedAct, Why
from access.sessions import PASSWORD, InvalidRefreshToken, Refusal, Sessions
from commands.admission import Admission, SecondFactorRequired, Tokens
from commands.context import Context, Recorded
from commands.directory import PROVIDER, DirectoryAccounts
from commands.dispatcher import Dispatcher
from commands.doorkeeper import Doorkeeper
from commands.errors import NotAPerson
from commands.learner import ChangePassword, RecordLogout
from commands.names import owner_of
from commands.proof import OTP, FactorCheck, Given, method_of
from commands.session import EndSession
from domain.errors import Conflict, Forbidden, Invalid, NotFound
from domain.identity import canonical, unique_name_id
from domain.learner import Learner
from event_store.application import Log


class InvalidCredentials(Exception):
    """The name or the password is wrong, or the account is deactivated; nobody is told which."""

    code = "invalid-credentials"
    detail = "The user name or the password is wrong."


class WrongPassword(Invalid):
    """Who is logged in gave another password than theirs."""

    code = "wrong-password"


class PasswordExpired(Forbidden):
    """The password is right and too old to do anything with but choose the next one."""

    code = "password-expired"


class PasswordNotExpired(Conflict):
    """Who can log in changes the password there."""

    code = "password-not-expired"


class SecondFactorOwed(Invalid):
    """The password alone changes nothing for who has a second factor."""

    code = "second-factor-owed"


WHY_NOT_REFRESHED = {
    Refusal.UNKNOWN: Why.UNKNOWN_TOKEN,
    Refusal.REUSED: Why.TOKEN_REUSED,
    Refusal.ENDED: Why.SESSION_ENDED,
    Refusal.EXPIRED: Why.TOKEN_EXPIRED,
}


class Accounts:
    """Log-in by user name or e-mail address and password, and what follows from it."""

    def __init__(
        self,
        log: Log,
        dispatcher: Dispatcher,
        passwords: Passwords,
        sessions: Sessions,
        door: Doorkeeper,
        admission: Admission,
        check: FactorCheck,
        directory: DirectoryAccounts | None = None,
    ) -> None:
        """`directory` is asked when the password isn't one of ours."""
        self._log = log
        self._dispatcher = dispatcher
        self._passwords = passwords
        self._sessions = sessions
        self._door = door
        self._admission = admission
        self._check = check
        self._directory = directory

    def log_in(self, name: str, password: str, context: Context) -> Tokens | SecondFactorRequired:
        """Starts a session, or asks for the second factor.

        Raises `InvalidCredentials`, `PasswordExpired`, or `Throttled` after too many failures.

        `context` tells where the request comes from; its actor is nobody yet.
        """
        learner, method = self._proven(name, password, context)
        if method is None and self._passwords.is_expired(learner.id, context.now):
            self._door.refuse(RefusedAct.LOG_IN, Why.PASSWORD_EXPIRED, context, learner.id)
            raise PasswordExpired("This password has expired: choose another one.")
        admitted = self._admission.admit(learner, {PASSWORD}, context, method=method)
        return admitted if isinstance(admitted, SecondFactorRequired) else admitted.tokens

    def replace_expired(
        self, name: str, old: str, new: str, given: Given, context: Context
    ) -> Tokens:
        """Changes an expired password and starts a session.

        `given` is the second factor, of who has one: without it nothing is changed.

        Raises what `log_in` raises, `SecondFactorOwed`, `WrongCode`, `UnacceptablePassword`, or
        `PasswordNotExpired`.
        """
        learner, elsewhere = self._proven(name, old, context)
        if elsewhere or not self._passwords.is_expired(learner.id, context.now):
            raise PasswordNotExpired("This password has not expired: log in and change it there.")
        signed, factors, method = _signed(context, learner), {PASSWORD}, None
        if self._admission.has_second_factor(learner.id):
            if given.is_nothing:
                raise SecondFactorOwed("Give code or recovery_code, too.", field="code")
            # Before the code, which is good once.
            self._passwords.must_be_strong(new, learner.known_as)
            self._check.use(given, signed)
            factors, method = {PASSWORD, OTP}, method_of(given.kind)
        command = ChangePassword(learner_id=learner.id, password=new)
        self._dispatcher.dispatch(command, signed)
        return self._admission.start(learner, frozenset(factors), context, method=method).tokens

    def refresh(self, refresh_token: str, context: Context) -> Tokens:
        """Continues a session, with the roles held now. Raises `InvalidRefreshToken`."""
        try:
            session = self._sessions.rotate(refresh_token)
        except InvalidRefreshToken as error:
            why = WHY_NOT_REFRESHED[error.reason]
            self._door.refuse(RefusedAct.REFRESH, why, context, error.learner_id)
            raise
        learner = self._log.find_latest(Learner, session.learner_id)
        if learner is None or not learner.active:
            self._sessions.end(session.session_id)
            self._door.refuse(RefusedAct.REFRESH, Why.INACTIVE, context, session.learner_id)
            raise InvalidCredentials
        return self._admission.tokens(learner, session)

    def log_out(self, context: Context) -> None:
        """Ends the session that the access token belongs to."""
        learner_id, session_id = _person(context.actor), context.actor.session_id
        if session_id is not None and self._sessions.end(session_id):
            self._dispatcher.dispatch(RecordLogout(learner_id=learner_id), context)

    def end_session(self, session_id: UUID, context: Context) -> Recorded:
        """Ends one of one's own live sessions. Raises `NotFound` for any other."""
        learner_id = _person(context.actor)
        if not self._sessions.belongs_to(session_id, learner_id):
            raise NotFound("You have no such session.")
        return self._dispatcher.dispatch(
            EndSession(learner_id=learner_id, session_id=session_id), context
        )

    def change_password(self, old: str, new: str, context: Context) -> Recorded:
        """Changes one's own password and ends one's other sessions.

        Raises `WrongPassword` when the old one is wrong, `UnacceptablePassword`, `Throttled`.
        """
        learner_id = _person(context.actor)
        self._door.admit(RefusedAct.PASSWORD_CHANGE, str(learner_id), context, learner_id)
        if not self._passwords.verify(learner_id, old):
            self._door.refuse(RefusedAct.PASSWORD_CHANGE, Why.WRONG_PASSWORD, context, learner_id)
            raise WrongPassword("The old password is wrong.", field="old_password")
        self._door.succeeded(str(learner_id), context)
        return self._dispatcher.dispatch(
            ChangePassword(learner_id=learner_id, password=new), context
        )

    def _proven(self, name: str, password: str, context: Context) -> tuple[Learner, str | None]:
        """Who has this name and this password, and who says so: None, our own passwords.

        Until the password is known to be right, the same is done for every name: as many
        statements, as many hashes, and where there is a directory it is asked as often.
        """
        owner = owner_of(self._log, unique_name_id("username", name), unique_name_id("email", name))
        account = str(owner) if owner else canonical(name)
        self._door.admit(RefusedAct.LOG_IN, account, context, owner, account)
        learner, method = self._whose(owner, name, password, context)
        if learner is None:
            why = Why.WRONG_PASSWORD if owner else Why.UNKNOWN_NAME
            self._door.refuse(RefusedAct.LOG_IN, why, context, owner, account)
            raise InvalidCredentials
        if not learner.active:
            self._door.refuse(RefusedAct.LOG_IN, Why.INACTIVE, context, learner.id)
            raise InvalidCredentials
        self._door.succeeded(account, context)
        return learner, method

    def _whose(
        self, owner: UUID | None, name: str, password: str, context: Context
    ) -> tuple[Learner | None, str | None]:
        if self._passwords.verify(owner, password) and owner is not None:
            return self._log.find_latest(Learner, owner), None
        if self._directory is None:
            return None, None
        return self._directory.proves(name, password, owner, context), PROVIDER


def _signed(context: Context, learner: Learner) -> Context:
    """The same, by the learner, who has proved who they are."""
    actor = Actor(id=learner.id, roles=frozenset(learner.roles))
    return msgspec.structs.replace(context, actor=actor)


def _person(actor: Actor) -> UUID:
    if actor.id is None or actor.is_service:
        raise NotAPerson
    return actor.id


__all__ = [
    "Accounts",
    "InvalidCredentials",
    "InvalidRefreshToken",
    "PasswordExpired",
    "PasswordNotExpired",
    "Tokens",
]
