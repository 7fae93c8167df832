"""Logging in and out: what checks a password, starts a session and records that it happened."""

from uuid import UUID

import msgspec

from access.actor import Actor
from access.passwords import Passwords
from access.sessions import InvalidRefreshToken, Session, Sessions
from access.throttle import Throttle
from access.tokens import TokenIssuer
from commands.context import Context, Recorded
from commands.directory import DirectoryAccounts
from commands.dispatcher import Dispatcher
from commands.learner import ChangePassword, RecordLogin, RecordLogout
from domain.errors import Invalid
from domain.identity import unique_name_id
from domain.learner import Learner
from domain.unique_name import UniqueName
from event_store.application import Log


class InvalidCredentials(Exception):
    """The name or the password is wrong, or the account is deactivated; nobody is told which."""

    code = "invalid-credentials"
    detail = "The user name or the password is wrong."


class WrongPassword(Invalid):
    """Who is logged in gave another password than theirs."""

    code = "wrong-password"


class Tokens(msgspec.Struct, frozen=True):
    """What a log-in is answered with; `expires_in` is in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int
    token_type: str = "Bearer"  # noqa: S105 - the name of a scheme

    def __repr__(self) -> str:
        return f"Tokens(expires_in={self.expires_in})"


class Admitted(msgspec.Struct, frozen=True):
    """A session that has begun."""

    tokens: Tokens
    session_id: UUID


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
        directory: DirectoryAccounts | None = None,
    ) -> None:
        """`directory` is asked when the password isn't one of ours."""
        self._log = log
        self._dispatcher = dispatcher
        self._passwords = passwords
        self._sessions = sessions
        self._throttle = throttle
        self._issuer = issuer
        self._directory = directory

    def log_in(self, name: str, password: str, context: Context) -> Tokens:
        """Starts a session. Raises `InvalidCredentials`, or `Throttled` after too many failures.

        `context` tells where the request comes from; its actor is nobody yet.
        """
        learner = self._find(name)
        account = str(learner.id) if learner else name
        self._throttle.admit(account, context.source_address)
        method = "password"
        if not self._passwords.verify(learner.id if learner else None, password):
            asked = self._directory
            learner = asked.proves(name, password, learner, context) if asked else None
            method = "ldap"
        if learner is None or not learner.active:
            raise InvalidCredentials
        self._throttle.succeeded(account, context.source_address)
        return self.admit(learner, method, context).tokens

    def admit(self, learner: Learner, method: str, context: Context) -> Admitted:
        """Starts a session of somebody who has proved who they are. Raises `LearnerInactive`."""
        actor = Actor(id=learner.id, roles=frozenset(learner.roles))
        self._dispatcher.dispatch(
            RecordLogin(learner_id=learner.id, method=method),
            msgspec.structs.replace(context, actor=actor),
        )
        session = self._sessions.start(learner.id)
        return Admitted(self._tokens(learner, session), session.session_id)

    def refresh(self, refresh_token: str) -> Tokens:
        """Continues a session, with the roles held now. Raises `InvalidRefreshToken`."""
        session = self._sessions.rotate(refresh_token)
        learner = self._log.find_latest(Learner, session.learner_id)
        if learner is None or not learner.active:
            self._sessions.end(session.session_id)
            raise InvalidCredentials
        return self._tokens(learner, session)

    def log_out(self, context: Context) -> None:
        """Ends the session that the access token belongs to."""
        actor = context.actor
        if actor.session_id is not None and self._sessions.end(actor.session_id):
            self._dispatcher.dispatch(RecordLogout(learner_id=_person(actor)), context)

    def change_password(self, old: str, new: str, context: Context) -> Recorded:
        """Changes one's own password and ends one's other sessions.

        Raises `WrongPassword` when the old one is wrong, `WeakPassword`, `Throttled`.
        """
        learner_id = _person(context.actor)
        self._throttle.admit(str(learner_id), context.source_address)
        if not self._passwords.verify(learner_id, old):
            raise WrongPassword("The old password is wrong.", field="old_password")
        self._throttle.succeeded(str(learner_id), context.source_address)
        return self._dispatcher.dispatch(
            ChangePassword(learner_id=learner_id, password=new), context
        )

    def _find(self, name: str) -> Learner | None:
        for kind in ("username", "email"):
            claimed = self._log.find_latest(UniqueName, unique_name_id(kind, name))
            if claimed is not None and claimed.owner_id is not None:
                return self._log.find_latest(Learner, claimed.owner_id)
        return None

    def _tokens(self, learner: Learner, session: Session) -> Tokens:
        actor = Actor(learner.id, frozenset(learner.roles), session.session_id)
        return Tokens(
            access_token=self._issuer.access_token(actor),
            refresh_token=session.refresh_token,
            expires_in=self._issuer.seconds_valid,
        )


def _person(actor: Actor) -> UUID:
    assert actor.id is not None
    return actor.id


__all__ = ["Accounts", "InvalidCredentials", "InvalidRefreshToken", "Tokens"]
