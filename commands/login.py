"""Logging in and out: what checks a password, starts a session and records that it happened."""

from uuid import UUID

import msgspec

from access.actor import Actor
from access.passwords import Passwords
from access.refusals import Refusals, RefusedAct, Why
from access.sessions import InvalidRefreshToken, Refusal, Session, Sessions
from access.throttle import Throttle, Throttled
from access.tokens import TokenIssuer
from commands.context import Context, Recorded
from commands.dispatcher import Dispatcher
from commands.learner import ChangePassword, RecordLogin, RecordLogout
from commands.names import owner_of
from domain.errors import Conflict, Forbidden, Invalid
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


WHY_NOT_REFRESHED = {
    Refusal.UNKNOWN: Why.UNKNOWN_TOKEN,
    Refusal.REUSED: Why.TOKEN_REUSED,
    Refusal.ENDED: Why.SESSION_ENDED,
    Refusal.EXPIRED: Why.TOKEN_EXPIRED,
}


class Tokens(msgspec.Struct, frozen=True):
    """What a log-in is answered with; `expires_in` is in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int
    token_type: str = "Bearer"  # noqa: S105 - the name of a scheme

    def __repr__(self) -> str:
        return f"Tokens(expires_in={self.expires_in})"


class Accounts:
    """Log-in by user name or e-mail address and password, and what follows from it."""

    def __init__(
        self,
        log: Log,
        dispatcher: Dispatcher,
        passwords: Passwords,
        sessions: Sessions,
        throttle: Throttle,
        issuer: TokenIssuer,
        refusals: Refusals,
    ) -> None:
        self._log = log
        self._dispatcher = dispatcher
        self._passwords = passwords
        self._sessions = sessions
        self._throttle = throttle
        self._issuer = issuer
        self._refusals = refusals

    def log_in(self, name: str, password: str, context: Context) -> Tokens:
        """Starts a session. Raises `InvalidCredentials`, `PasswordExpired`, or `Throttled` after
        too many failures.

        `context` tells where the request comes from; its actor is nobody yet.
        """
        learner = self._proven(name, password, context)
        if self._passwords.is_expired(learner.id, context.now):
            self._refuse(RefusedAct.LOG_IN, Why.PASSWORD_EXPIRED, context, learner.id)
            raise PasswordExpired("This password has expired: choose another one.")
        return self._begin(learner, context)

    def replace_expired(self, name: str, old: str, new: str, context: Context) -> Tokens:
        """Changes an expired password and starts a session.

        Raises what `log_in` raises, `UnacceptablePassword`, or `PasswordNotExpired`.
        """
        learner = self._proven(name, old, context)
        if not self._passwords.is_expired(learner.id, context.now):
            raise PasswordNotExpired("This password has not expired: log in and change it there.")
        command = ChangePassword(learner_id=learner.id, password=new)
        self._dispatcher.dispatch(command, _signed(context, learner))
        return self._begin(learner, context)

    def refresh(self, refresh_token: str, context: Context) -> Tokens:
        """Continues a session, with the roles held now. Raises `InvalidRefreshToken`."""
        try:
            session = self._sessions.rotate(refresh_token)
        except InvalidRefreshToken as error:
            why = WHY_NOT_REFRESHED[error.reason]
            self._refuse(RefusedAct.REFRESH, why, context, error.learner_id)
            raise
        learner = self._log.find_latest(Learner, session.learner_id)
        if learner is None or not learner.active:
            self._sessions.end(session.session_id)
            self._refuse(RefusedAct.REFRESH, Why.INACTIVE, context, session.learner_id)
            raise InvalidCredentials
        return self._tokens(learner, session)

    def log_out(self, context: Context) -> None:
        """Ends the session that the access token belongs to."""
        actor = context.actor
        if actor.session_id is not None and self._sessions.end(actor.session_id):
            self._dispatcher.dispatch(RecordLogout(learner_id=_person(actor)), context)

    def change_password(self, old: str, new: str, context: Context) -> Recorded:
        """Changes one's own password and ends one's other sessions.

        Raises `WrongPassword` when the old one is wrong, `UnacceptablePassword`, `Throttled`.
        """
        learner_id = _person(context.actor)
        self._admit(RefusedAct.PASSWORD_CHANGE, str(learner_id), context, learner_id)
        if not self._passwords.verify(learner_id, old):
            self._refuse(RefusedAct.PASSWORD_CHANGE, Why.WRONG_PASSWORD, context, learner_id)
            raise WrongPassword("The old password is wrong.", field="old_password")
        self._throttle.succeeded(str(learner_id), context.source_address)
        return self._dispatcher.dispatch(
            ChangePassword(learner_id=learner_id, password=new), context
        )

    def _proven(self, name: str, password: str, context: Context) -> Learner:
        """Who has this name and this password.

        Until the password is known to be right, the same is done for every name: as many
        statements, as many hashes.
        """
        owner = owner_of(self._log, unique_name_id("username", name), unique_name_id("email", name))
        account = str(owner) if owner else canonical(name)
        self._admit(RefusedAct.LOG_IN, account, context, owner)
        if not self._passwords.verify(owner, password):
            why = Why.WRONG_PASSWORD if owner else Why.UNKNOWN_NAME
            self._refuse(RefusedAct.LOG_IN, why, context, owner, account)
            raise InvalidCredentials
        learner = self._log.find_latest(Learner, owner) if owner else None
        if learner is None or not learner.active:
            self._refuse(RefusedAct.LOG_IN, Why.INACTIVE, context, owner)
            raise InvalidCredentials
        self._throttle.succeeded(account, context.source_address)
        return learner

    def _begin(self, learner: Learner, context: Context) -> Tokens:
        command = RecordLogin(learner_id=learner.id, method="password")
        self._dispatcher.dispatch(command, _signed(context, learner))
        return self._tokens(learner, self._sessions.start(learner.id))

    def _admit(
        self, act: RefusedAct, account: str, context: Context, learner_id: UUID | None
    ) -> None:
        try:
            self._throttle.admit(account, context.source_address)
        except Throttled:
            self._refuse(act, Why.THROTTLED, context, learner_id, account)
            raise

    def _refuse(
        self,
        act: RefusedAct,
        why: Why,
        context: Context,
        learner_id: UUID | None,
        name: str | None = None,
    ) -> None:
        """Counts it for the audit."""
        address = context.source_address
        self._refusals.count(act, why, learner_id=learner_id, name=name, address=address)

    def _tokens(self, learner: Learner, session: Session) -> Tokens:
        actor = Actor(learner.id, frozenset(learner.roles), session.session_id)
        return Tokens(
            access_token=self._issuer.access_token(actor),
            refresh_token=session.refresh_token,
            expires_in=self._issuer.seconds_valid,
        )


def _signed(context: Context, learner: Learner) -> Context:
    """The same, by the learner, who has proved who they are."""
    actor = Actor(id=learner.id, roles=frozenset(learner.roles))
    return msgspec.structs.replace(context, actor=actor)


def _person(actor: Actor) -> UUID:
    assert actor.id is not None
    return actor.id


__all__ = [
    "Accounts",
    "InvalidCredentials",
    "InvalidRefreshToken",
    "PasswordExpired",
    "PasswordNotExpired",
    "Tokens",
]
