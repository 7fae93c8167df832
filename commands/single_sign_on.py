"""Logging in, proving anew who one is, and logging out, by OpenID Connect providers."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

import msgspec

from access.actor import SECOND_FACTORS, Actor
from access.permissions import reach
from access.refusals import RefusedAct, Why
from access.sessions import Sessions
from access.sso import EndedMeanwhile, SignOnAnswered, SsoSession, SsoTables
from commands.admission import AccessToken, Admission, SecondFactorRequired, Tokens
from commands.context import Context
from commands.directory import ISSUER as DIRECTORY_ISSUER
from commands.directory import PROVIDER as DIRECTORY
from commands.dispatcher import Dispatcher
from commands.doorkeeper import Doorkeeper
from commands.errors import NotAPerson
from commands.external_identity import LinkOwnIdentity
from commands.identity_provider import (
    Identity,
    LogoutRefused,
    SignOnProvider,
    SignOnRefused,
    vouched,
)
from commands.learner import RecordLogout
from commands.session import StepUp
from commands.sign_on_steps import Begun, Callback, SignOnProof, Ticket
from commands.step_up import STEP_UP_AFTER
from commands.vouched import NoAccount, Vouched, VouchedAccounts
from domain.errors import Conflict, Forbidden, NotFound
from domain.identity import external_identity_id
from domain.learner import Learner, LearnerInactive
from event_store.application import Log

logger = logging.getLogger(__name__)


class NoProvider(Conflict):
    """Nobody but the person can say here who they are, or they say it by more."""

    code = "no-provider"


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
        step_up_after: timedelta = STEP_UP_AFTER,
    ) -> None:
        """With a front end that gets a code instead of the tokens. Who proves anew who they are
        must have done so within `step_up_after`."""
        self._log = log
        self._dispatcher = dispatcher
        self._tables = tables
        self._sessions = sessions
        self._door = door
        self._admission = admission
        self._accounts = VouchedAccounts(log, dispatcher)
        self._step_up_after = step_up_after
        self.providers = providers
        self.public_url = public_url
        self.frontend_url = frontend_url

    def begin(self, name: str, browser: str | None, ticket: str | None = None) -> Begun:
        """Sends a browser to a provider, with a ticket to log in there anew.

        Raises `NotFound`, `SignOnRefused`, `ProviderUnavailable`.
        """
        known = self._known(name)
        asked = self._ticket(name, ticket) if ticket is not None else None
        start = self._tables.open_login(
            name,
            browser,
            asked.session_id if asked else None,
            links=asked is not None and asked.links,
        )
        url = known.provider.authorization_url(
            redirect_uri=self._redirect_uri(name),
            state=start.state,
            nonce=start.nonce,
            verifier=start.verifier,
            max_age=self._step_up_after if asked else None,
        )
        return Begun(url, start.browser)

    def step_up(self, name: str | None, context: Context) -> str:
        """Where a browser goes, within a minute, to prove anew at a provider who has this session;
        by default at the one that the session began at.

        Raises `NoProvider`, `NotFound`, `NotAPerson`.
        """
        learner_id, session_id = _person(context.actor)
        if not reach(context.actor, StepUp.__name__):
            raise Forbidden("This token isn't good for that.")
        origin = self._tables.session(session_id)
        wanted = name or (origin[0] if origin else None)
        if wanted is None:
            raise NoProvider("This session didn't begin at an identity provider: name one.")
        known = self._known(wanted)
        if self._admission.has_second_factor(learner_id) and not known.proves_factors:
            raise NoProvider("Prove it with your second factor: POST /me/step-up.")
        return self._login_url(Ticket(wanted, session_id))

    def link(self, name: str, context: Context) -> str:
        """Where a browser goes, within a minute, to log in at a provider that is to let the owner
        of this session in from then on. Raises `NotFound`, `NotAPerson`, `StepUpRequired`.
        """
        learner_id, session_id = _person(context.actor)
        command = LinkOwnIdentity(learner_id=learner_id, provider=name, issuer="", subject="")
        self._dispatcher.authorize(command, context)
        return self._login_url(Ticket(self._known(name).name, session_id, links=True))

    def names_of(self, name: str) -> tuple[str, str]:
        """What the log calls a provider, or the directory, and its issuer. Raises `NotFound`."""
        if name == DIRECTORY:
            return DIRECTORY, DIRECTORY_ISSUER
        known = self._known(name)
        return known.method, known.provider.issuer

    def _login_url(self, ticket: Ticket) -> str:
        code = self._tables.open_code(msgspec.json.encode(ticket))
        return f"{self.public_url}/sso/{ticket.provider}/login?{urlencode({'ticket': code})}"

    def complete(
        self, name: str, callback: Callback, context: Context
    ) -> Tokens | SecondFactorRequired | AccessToken | str:
        """Logs in who comes back, with tokens or the question for the second factor, or with an
        access token in the session that they have; where there is a front end, with its address.

        Raises `NotFound`, `SignOnRefused`, `NoAccount`, `ProviderUnavailable`, `LearnerInactive`.
        """
        proof = self._proof(self._known(name), callback, context)
        if self.frontend_url is None:
            return self._admitted(proof, context)
        code = self._tables.open_code(msgspec.json.encode(proof))
        return f"{self.frontend_url}?{urlencode({'code': code})}"

    def redeem(self, code: str, context: Context) -> Tokens | SecondFactorRequired | AccessToken:
        """Gives a front end for its code what `complete` gives. Raises `SignOnRefused`,
        `LearnerInactive`."""
        proof = self._taken(code)
        if not isinstance(proof, SignOnProof):
            self._door.refuse(RefusedAct.SIGN_ON, Why.UNKNOWN_CODE, context, None)
            raise SignOnRefused("This code is unknown, used or too old.")
        return self._admitted(proof, context)

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
        known = self.providers.get(theirs[0]) if theirs else None
        if theirs is None or known is None:
            return None
        return known.provider.logout_url(
            id_token=theirs[1],
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
        identity = external_identity_id(issuer, notice.subject) if notice.subject else None
        expires_at = datetime.fromtimestamp(notice.expires_at, UTC)
        if not self._tables.use_logout_token(
            name, notice.token_id, expires_at, identity, notice.session
        ):
            self._door.refuse(RefusedAct.PROVIDER_LOG_OUT, Why.TOKEN_REUSED, context, None)
            raise LogoutRefused("This log-out token was used before.")
        self._tables.stop_waiting(name, identity, notice.session)
        ended = 0
        for session_id, learner_id in self._tables.live_sessions(name, identity, notice.session):
            ended += self._end(session_id, learner_id, known, context)
        return ended

    def _proof(self, known: SignOnProvider, callback: Callback, context: Context) -> SignOnProof:
        try:
            answered = self._answered(known, callback)
            identity = known.provider.identify(
                code=callback.code or "",
                redirect_uri=self._redirect_uri(known.name),
                nonce=answered.nonce,
                verifier=answered.verifier,
            )
            person = vouched(known, identity)
            if answered.session_id is None:
                learner = self._accounts.admit(person, known.policy, context)
            else:
                self._must_be_fresh(identity, context)
                if answered.links:
                    self._link(person, answered.session_id, context)
                learner = self._accounts.known(person)
        except (SignOnRefused, NoAccount) as error:
            logger.warning("%s: a log-in was refused: %s", known.method, error.detail)
            why = Why.NO_ACCOUNT if isinstance(error, NoAccount) else Why.NOT_PROVED
            self._door.refuse(RefusedAct.SIGN_ON, why, context, None)
            raise
        return SignOnProof(
            provider=known.name,
            learner_id=learner.id,
            identity_id=external_identity_id(person.issuer, person.subject),
            session=identity.session,
            factors=known.believed(identity.factors),
            authenticated_at=identity.authenticated_at,
            at=answered.at,
            proves_anew=answered.session_id,
            id_token=identity.id_token,
        )

    def _answered(self, known: SignOnProvider, callback: Callback) -> SignOnAnswered:
        """What the provider answers to, which this very browser has begun."""
        if not callback.state or not callback.browser:
            raise SignOnRefused("This is no answer to a log-in of this browser.")
        answered = self._tables.take_login(known.name, callback.state, callback.browser)
        if answered is None:
            raise SignOnRefused("This log-in is unknown, used or too old; begin again.")
        if callback.issuer not in {None, known.provider.issuer}:
            raise SignOnRefused("This is another provider's answer.")
        if callback.error or not callback.code:
            raise SignOnRefused("The provider has let nobody in.")
        return answered

    def _link(self, person: Vouched, session_id: UUID, context: Context) -> None:
        """As the owner of the session, who has proved there not long ago who they are."""
        found = self._sessions.proof(session_id)
        learner = self._log.find_latest(Learner, found[0]) if found else None
        if learner is None or found is None:
            raise SignOnRefused("The session that asked for this has ended.")
        roles, proof = frozenset(learner.roles), found[1]
        actor = Actor(learner.id, roles, session_id, proof.authenticated_at, proof.factors)
        command = LinkOwnIdentity(
            learner_id=learner.id,
            provider=person.provider,
            issuer=person.issuer,
            subject=person.subject,
        )
        self._dispatcher.dispatch(command, msgspec.structs.replace(context, actor=actor))

    def _must_be_fresh(self, identity: Identity, context: Context) -> None:
        proved_at = identity.authenticated_at
        if proved_at is None or context.now - proved_at > self._step_up_after:
            raise SignOnRefused("The provider doesn't say that you have logged in there just now.")

    def _admitted(
        self, proof: SignOnProof, context: Context
    ) -> Tokens | SecondFactorRequired | AccessToken:
        learner = self._log.find_latest(Learner, proof.learner_id)
        if learner is None:
            raise SignOnRefused("This account is gone.")
        try:
            learner.must_be_active()
            if proof.proves_anew is not None:
                return self._proved_anew(learner, proof.proves_anew, proof, context)
            return self._start(learner, proof, context)
        except LearnerInactive:
            self._door.refuse(RefusedAct.SIGN_ON, Why.INACTIVE, context, learner.id)
            raise
        except EndedMeanwhile:
            self._door.refuse(RefusedAct.SIGN_ON, Why.SESSION_ENDED, context, learner.id)
            raise SignOnRefused("The provider has ended this session.") from None

    def _start(
        self, learner: Learner, proof: SignOnProof, context: Context
    ) -> Tokens | SecondFactorRequired:
        theirs = SsoSession.of(
            proof.provider, proof.identity_id, proof.session, proof.id_token, proof.at
        )
        admitted = self._admission.admit(
            learner,
            proof.factors,
            context,
            method=proof.method,
            vouched=self._tables.vouching(theirs, proof.authenticated_at),
        )
        if isinstance(admitted, SecondFactorRequired):
            self._tables.wait(admitted.challenge, theirs)
            return admitted
        return admitted.tokens

    def _proved_anew(
        self, learner: Learner, session_id: UUID, proof: SignOnProof, context: Context
    ) -> AccessToken:
        """An access token of the session, which must be theirs whom the provider names."""
        enough = proof.factors & SECOND_FACTORS or not self._admission.has_second_factor(learner.id)
        proved = None
        if enough and self._sessions.belongs_to(session_id, learner.id):
            proved = self._sessions.prove_again(session_id, proof.factors, proof.authenticated_at)
        if proved is None:
            self._door.refuse(RefusedAct.STEP_UP, Why.NOT_PROVED, context, learner.id)
            raise SignOnRefused("This proves nothing in the session that asked for it.")
        actor = Actor(learner.id, frozenset(learner.roles), session_id)
        command = StepUp(learner_id=learner.id, factors=sorted(proof.factors))
        signed = msgspec.structs.replace(context, actor=actor, reason=proof.method)
        self._dispatcher.dispatch(command, signed)
        return self._admission.access_token(learner, session_id, proved)

    def _ticket(self, name: str, ticket: str) -> Ticket:
        taken = self._taken(ticket)
        if not isinstance(taken, Ticket) or taken.provider != name:
            raise SignOnRefused("This ticket is unknown, used or too old; ask for another one.")
        return taken

    def _taken(self, code: str) -> Ticket | SignOnProof | None:
        sealed = self._tables.take_code(code)
        return msgspec.json.decode(sealed, type=Ticket | SignOnProof) if sealed else None

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


def _person(actor: Actor) -> tuple[UUID, UUID]:
    """Who has logged in, and in which session. Raises `NotAPerson` for all others."""
    if actor.id is None or actor.is_service or actor.session_id is None:
        raise NotAPerson
    return actor.id, actor.session_id
