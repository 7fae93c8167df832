"""Logging in, and out again, by OpenID Connect providers."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import urlencode
from uuid import UUID

import msgspec

from access.actor import SECOND_FACTORS, Actor
from access.refusals import RefusedAct, Why
from access.sessions import PASSWORD, Sessions
from access.sso import SsoSession, SsoTables
from commands.admission import Admission, SecondFactorRequired, Tokens
from commands.context import Context
from commands.dispatcher import Dispatcher
from commands.doorkeeper import Doorkeeper
from commands.errors import NotAPerson
from commands.learner import RecordLogout
from commands.vouched import AccountPolicy, NoAccount, Vouched, VouchedAccounts
from domain.errors import NotFound
from domain.identity import external_identity_id
from domain.learner import Learner, LearnerInactive
from event_store.application import Log

logger = logging.getLogger(__name__)


class SignOnRefused(Exception):
    """Nobody gets in with this. `detail` quotes nothing that came from outside."""

    code = "sign-on-refused"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class LogoutRefused(Exception):
    """Nobody is logged out with this token."""

    code = "logout-refused"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class ProviderUnavailable(Exception):
    """The provider can't be asked just now."""

    code = "provider-unavailable"
    detail = "The identity provider doesn't answer as it should; try again."


class Identity(Protocol):
    """Who has logged in there."""

    @property
    def subject(self) -> str: ...
    @property
    def session(self) -> str | None: ...
    @property
    def factors(self) -> frozenset[str]: ...
    @property
    def claims(self) -> Mapping[str, Any]: ...
    @property
    def id_token(self) -> str: ...


class LogoutNotice(Protocol):
    """Who has logged out there, or which session has ended; `expires_at` in seconds since 1970."""

    @property
    def token_id(self) -> str: ...
    @property
    def subject(self) -> str | None: ...
    @property
    def session(self) -> str | None: ...
    @property
    def expires_at(self) -> int: ...


class IdentityProvider(Protocol):
    """A provider. All raise `ProviderUnavailable`; who checks raises `SignOnRefused` too."""

    @property
    def issuer(self) -> str:
        """Its name for itself."""

    def authorization_url(self, *, redirect_uri: str, state: str, nonce: str, verifier: str) -> str:
        """Where to send the browser to log in."""

    def identify(self, *, code: str, redirect_uri: str, nonce: str, verifier: str) -> Identity:
        """Who has logged in."""

    def logout_url(self, *, id_token: str, redirect_uri: str, state: str) -> str | None:
        """Where to send the browser to log out."""

    def logged_out(self, logout_token: str) -> LogoutNotice:
        """Who has logged out."""


class ClaimNames(msgspec.Struct, frozen=True, kw_only=True):
    """Which claims say what; one in another is reached by a dot: `realm_access.roles`."""

    username: str = "preferred_username"
    email: str = "email"
    full_name: str = "name"
    department: str = "department"
    groups: str = "groups"


BELIEVED_FACTORS = SECOND_FACTORS | {PASSWORD}


class SignOnProvider(msgspec.Struct, frozen=True, kw_only=True):
    """A provider with what it is called here, what its claims mean and how far it is believed.

    Unless `proves_factors`, whoever has a second factor here shows it after every log-in there.
    """

    name: str
    title: str
    provider: IdentityProvider
    claims: ClaimNames = ClaimNames()
    policy: AccountPolicy = AccountPolicy()
    proves_factors: bool = False

    @property
    def method(self) -> str:
        """As the log calls it."""
        return f"oidc:{self.name}"


class Callback(msgspec.Struct, frozen=True, kw_only=True):
    """What the browser brings back from the provider."""

    state: str | None = None
    code: str | None = None
    error: str | None = None
    issuer: str | None = None
    browser: str | None = None

    def __repr__(self) -> str:
        return "Callback()"


class Begun(msgspec.Struct, frozen=True):
    """Where to send the browser, and the cookie that it comes back with."""

    url: str
    browser: str

    def __repr__(self) -> str:
        return "Begun()"


class _Proof(msgspec.Struct, frozen=True):
    """Who has logged in by which provider."""

    provider: str
    learner_id: UUID
    identity_id: UUID
    session: str | None
    factors: frozenset[str]
    id_token: str

    @property
    def method(self) -> str:
        """As the log calls it."""
        return f"oidc:{self.provider}"

    def __repr__(self) -> str:
        return f"_Proof(provider={self.provider!r})"


class SingleSignOn:
    """Everything a browser, a front end and a provider can ask for."""

    def __init__(
        self,
        log: Log,
        dispatcher: Dispatcher,
        tables: SsoTables,
        sessions: Sessions,
        door: Doorkeeper,
        admission: Admission,
        providers: Mapping[str, SignOnProvider],
        *,
        public_url: str,
        frontend_url: str | None = None,
    ) -> None:
        """With a front end that gets a code instead of the tokens."""
        self._log = log
        self._dispatcher = dispatcher
        self._tables = tables
        self._sessions = sessions
        self._door = door
        self._admission = admission
        self._accounts = VouchedAccounts(log, dispatcher)
        self.providers = providers
        self.public_url = public_url
        self.frontend_url = frontend_url

    def begin(self, name: str, browser: str | None) -> Begun:
        """Sends a browser to a provider. Raises `NotFound`, `ProviderUnavailable`."""
        known = self._known(name)
        start = self._tables.open_login(name, browser)
        url = known.provider.authorization_url(
            redirect_uri=self._redirect_uri(name),
            state=start.state,
            nonce=start.nonce,
            verifier=start.verifier,
        )
        return Begun(url, start.browser)

    def complete(
        self, name: str, callback: Callback, context: Context
    ) -> Tokens | SecondFactorRequired | str:
        """Logs in who comes back, with tokens or the question for the second factor; where there is
        a front end, with its address.

        Raises `NotFound`, `SignOnRefused`, `NoAccount`, `ProviderUnavailable`, `LearnerInactive`.
        """
        proof = self._proof(self._known(name), callback, context)
        if self.frontend_url is None:
            return self._start(proof, context)
        code = self._tables.open_code(msgspec.json.encode(proof))
        return f"{self.frontend_url}?{urlencode({'code': code})}"

    def redeem(self, code: str, context: Context) -> Tokens | SecondFactorRequired:
        """Gives a front end for its code what `complete` gives. Raises `SignOnRefused`,
        `LearnerInactive`."""
        proof = self._tables.take_code(code)
        if proof is None:
            self._door.refuse(RefusedAct.SIGN_ON, Why.UNKNOWN_CODE, context, None)
            raise SignOnRefused("This code is unknown, used or too old.")
        return self._start(msgspec.json.decode(proof, type=_Proof), context)

    def log_out(self, context: Context) -> str | None:
        """Ends the session of the access token; where to send the browser to end the provider's.

        Raises `NotAPerson` for a service account.
        """
        session_id = context.actor.session_id
        if context.actor.id is None or context.actor.is_service:
            raise NotAPerson
        if session_id is None:
            return None
        theirs = self._tables.session(session_id)
        if self._sessions.end(session_id):
            self._dispatcher.dispatch(RecordLogout(learner_id=context.actor.id), context)
        known = self.providers.get(theirs.provider) if theirs else None
        if theirs is None or known is None:
            return None
        return known.provider.logout_url(
            id_token=theirs.id_token,
            redirect_uri=self.frontend_url or self.public_url,
            state=str(context.correlation_id),
        )

    def end_sessions(self, name: str, logout_token: str, context: Context) -> int:
        """Ends what the provider says has ended there; how many sessions that were.

        Raises `NotFound`, `LogoutRefused`, `ProviderUnavailable`.
        """
        known = self._known(name)
        try:
            notice = known.provider.logged_out(logout_token)
        except SignOnRefused as error:
            logger.warning("%s: a log-out was refused: %s", known.method, error.detail)
            self._door.refuse(RefusedAct.PROVIDER_LOG_OUT, Why.INVALID_TOKEN, context, None)
            raise LogoutRefused(error.detail) from error
        issuer = known.provider.issuer
        expires_at = datetime.fromtimestamp(notice.expires_at, UTC)
        if not self._tables.use_logout_token(issuer, notice.token_id, expires_at):
            self._door.refuse(RefusedAct.PROVIDER_LOG_OUT, Why.TOKEN_REUSED, context, None)
            raise LogoutRefused("This log-out token was used before.")
        identity = external_identity_id(issuer, notice.subject) if notice.subject else None
        self._tables.stop_waiting(name, identity, notice.session)
        ended = 0
        for session_id, learner_id in self._tables.live_sessions(name, identity, notice.session):
            ended += self._end(session_id, learner_id, known, context)
        return ended

    def _proof(self, known: SignOnProvider, callback: Callback, context: Context) -> _Proof:
        try:
            identity = self._identified(known, callback)
            person = vouched(known, identity)
            learner = self._accounts.admit(person, known.policy, context)
        except (SignOnRefused, NoAccount) as error:
            logger.warning("%s: a log-in was refused: %s", known.method, error.detail)
            why = Why.NO_ACCOUNT if isinstance(error, NoAccount) else Why.NOT_PROVED
            self._door.refuse(RefusedAct.SIGN_ON, why, context, None)
            raise
        return _Proof(
            provider=known.name,
            learner_id=learner.id,
            identity_id=external_identity_id(person.issuer, person.subject),
            session=identity.session,
            factors=identity.factors & BELIEVED_FACTORS if known.proves_factors else frozenset(),
            id_token=identity.id_token,
        )

    def _identified(self, known: SignOnProvider, callback: Callback) -> Identity:
        """Whoever answers to a log-in that this very browser has begun."""
        if not callback.state or not callback.browser:
            raise SignOnRefused("This is no answer to a log-in of this browser.")
        begun = self._tables.take_login(known.name, callback.state, callback.browser)
        if begun is None:
            raise SignOnRefused("This log-in is unknown, used or too old; begin again.")
        if callback.issuer not in {None, known.provider.issuer}:
            raise SignOnRefused("This is another provider's answer.")
        if callback.error or not callback.code:
            raise SignOnRefused("The provider has let nobody in.")
        return known.provider.identify(
            code=callback.code,
            redirect_uri=self._redirect_uri(known.name),
            nonce=begun.nonce,
            verifier=begun.verifier,
        )

    def _start(self, proof: _Proof, context: Context) -> Tokens | SecondFactorRequired:
        learner = self._log.find_latest(Learner, proof.learner_id)
        if learner is None:
            raise SignOnRefused("This account is gone.")
        try:
            admitted = self._admission.admit(learner, proof.factors, context, method=proof.method)
        except LearnerInactive:
            self._door.refuse(RefusedAct.SIGN_ON, Why.INACTIVE, context, learner.id)
            raise
        theirs = SsoSession.of(proof.provider, proof.identity_id, proof.session, proof.id_token)
        if isinstance(admitted, SecondFactorRequired):
            self._tables.wait(admitted.challenge, theirs)
            return admitted
        self._tables.remember(admitted.session_id, theirs)
        return admitted.tokens

    def _end(
        self, session_id: UUID, learner_id: UUID, known: SignOnProvider, context: Context
    ) -> int:
        learner = self._log.find_latest(Learner, learner_id)
        if learner is None or not self._sessions.end(session_id):
            return 0
        actor = Actor(learner_id, frozenset(learner.roles), session_id)
        signed = msgspec.structs.replace(
            context, actor=actor, reason=f"{known.method}: back-channel log-out"
        )
        self._dispatcher.dispatch(RecordLogout(learner_id=learner_id), signed)
        return 1

    def _known(self, name: str) -> SignOnProvider:
        known = self.providers.get(name)
        if known is None:
            raise NotFound("There is no such identity provider.")
        return known

    def _redirect_uri(self, name: str) -> str:
        return f"{self.public_url}/sso/{name}/callback"


def vouched(known: SignOnProvider, identity: Identity) -> Vouched:
    """What the claims say, in our words; claims of another type than expected say nothing."""
    claims, names = identity.claims, known.claims
    groups = _claim(claims, names.groups)
    listed = groups if isinstance(groups, list) else [groups]
    return Vouched(
        provider=known.method,
        issuer=known.provider.issuer,
        subject=identity.subject,
        username=_text(claims, names.username),
        email=_text(claims, names.email),
        email_verified=claims.get("email_verified") is True,
        full_name=_text(claims, names.full_name),
        department=_text(claims, names.department),
        groups=frozenset(each for each in listed if isinstance(each, str)),
    )


def _text(claims: Mapping[str, Any], name: str) -> str | None:
    value = _claim(claims, name)
    return value if isinstance(value, str) else None


def _claim(claims: Mapping[str, Any], name: str) -> object:
    """A claim by its name, which may hold dots (a URL), or by the way to it."""
    if name in claims:
        return claims[name]
    value: object = claims
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value
