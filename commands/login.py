"""Logging in and out: what checks a password, starts a session and records that it happened."""

from uuid import UUID

from access.actor import Actor
from access.passwords import Passwords
from access.sessions import PASSWORD, InvalidRefreshToken, Sessions
from access.throttle import Throttle
from commands.admission import Admission, SecondFactorRequired, Tokens
from commands.context import Context, Recorded
from commands.dispatcher import Dispatcher
from commands.errors import NotAPerson
from commands.learner import ChangePassword, RecordLogout
from commands.session import EndSession
from domain.errors import Invalid, NotFound
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


class Accounts:
    """Log-in by user name or e-mail address and password, and what follows from it."""

    def __init__(
        self,
        log: Log,
        dispatcher: Dispatcher,
        passwords: Passwords,
        sessions: Sessions,
        throttle: Throttle,
        admission: Admission,
    ) -> None:
        self._log = log
        self._dispatcher = dispatcher
        self._passwords = passwords
        self._sessions = sessions
        self._throttle = throttle
        self._admission = admission

    def log_in(self, name: str, password: str, context: Context) -> Tokens | SecondFactorRequired:
        """Starts a session, or asks for the second factor.

        Raises `InvalidCredentials`, or `Throttled` after too many failures.

        `context` tells where the request comes from; its actor is nobody yet.
        """
        learner = self._find(name)
        account = str(learner.id) if learner else name
        self._throttle.admit(account, context.source_address)
        right = self._passwords.verify(learner.id if learner else None, password)
        if learner is None or not right or not learner.active:
            raise InvalidCredentials
        self._throttle.succeeded(account, context.source_address)
        return self._admission.admit(learner, {PASSWORD}, context)

    def refresh(self, refresh_token: str) -> Tokens:
        """Continues a session, with the roles held now. Raises `InvalidRefreshToken`."""
        session = self._sessions.rotate(refresh_token)
        learner = self._log.find_latest(Learner, session.learner_id)
        if learner is None or not learner.active:
            self._sessions.end(session.session_id)
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


def _person(actor: Actor) -> UUID:
    if actor.id is None or actor.is_service:
        raise NotAPerson
    return actor.id


__all__ = ["Accounts", "InvalidCredentials", "InvalidRefreshToken", "Tokens"]
