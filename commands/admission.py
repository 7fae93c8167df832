"""From a proved identity to a session: asks for the second factor first when there is one.

Whatever proves who somebody is (a password, a provider of single sign-on) comes here with it.
"""

from collections.abc import Iterable
from uuid import UUID

import msgspec

from access.actor import SECOND_FACTORS, Actor
from access.challenges import Challenges
from access.permissions import ENROLMENT
from access.sessions import PASSWORD, Proof, Session, Sessions, Vouching
from access.tokens import TokenIssuer
from commands.context import Context
from commands.dispatcher import Dispatcher
from commands.learner import RecordLogin
from domain.identity import second_factor_id
from domain.learner import Learner
from domain.roles import Role
from domain.second_factor import SecondFactor
from event_store.application import Log

CLIENT = b"client"
"""What a session's sealed client is bound to, as in the log's metadata."""
METHODS = {PASSWORD: "password", "otp": "one-time password"}


class Tokens(msgspec.Struct, frozen=True):
    """What a log-in is answered with; `expires_in` is in seconds.

    `scope` is there when the token is good for nothing but showing or enrolling a second factor,
    which the roles ask for; after that, new tokens for the refresh token are good for everything.
    """

    access_token: str
    refresh_token: str
    expires_in: int
    token_type: str = "Bearer"  # noqa: S105 - the name of a scheme
    scope: str | msgspec.UnsetType = msgspec.UNSET

    def __repr__(self) -> str:
        return f"Tokens(expires_in={self.expires_in})"


class AccessToken(msgspec.Struct, frozen=True):
    """A new access token for a session that goes on; `scope` as in `Tokens`."""

    access_token: str
    expires_in: int
    token_type: str = "Bearer"  # noqa: S105 - the name of a scheme
    scope: str | msgspec.UnsetType = msgspec.UNSET

    def __repr__(self) -> str:
        return f"AccessToken(expires_in={self.expires_in})"


class Admitted(msgspec.Struct, frozen=True):
    """A session that has begun."""

    tokens: Tokens
    session_id: UUID


class SecondFactorRequired(msgspec.Struct, frozen=True):
    """The first factor was right; go on at `/login/second-factor` with a code within `expires_in`
    seconds."""

    challenge: str
    expires_in: int
    second_factor_required: bool = True

    def __repr__(self) -> str:
        return f"SecondFactorRequired(expires_in={self.expires_in})"


class Admission:
    """Starts sessions and makes their tokens. `enforced` are the roles that need two factors."""

    def __init__(
        self,
        log: Log,
        dispatcher: Dispatcher,
        sessions: Sessions,
        challenges: Challenges,
        issuer: TokenIssuer,
        *,
        enforced: frozenset[Role] = frozenset(),
    ) -> None:
        self._log = log
        self._dispatcher = dispatcher
        self._sessions = sessions
        self._challenges = challenges
        self._issuer = issuer
        self.enforced = enforced

    def admit(
        self,
        learner: Learner,
        factors: Iterable[str],
        context: Context,
        *,
        method: str | None = None,
        vouched: Vouching | None = None,
    ) -> Admitted | SecondFactorRequired:
        """Goes on after the first factor: with a session, or the question for the second.

        `method` and `vouched` as in `start`. Raises `LearnerInactive`.
        """
        proved = frozenset(factors)
        learner.must_be_active()
        if not proved & SECOND_FACTORS and self.has_second_factor(learner.id):
            return SecondFactorRequired(
                challenge=self._challenges.open(learner.id, proved, method),
                expires_in=int(self._challenges.lifetime.total_seconds()),
            )
        return self.start(learner, proved, context, method=method, vouched=vouched)

    def start(
        self,
        learner: Learner,
        factors: frozenset[str],
        context: Context,
        *,
        method: str | None = None,
        vouched: Vouching | None = None,
    ) -> Admitted:
        """Starts a session, on the record; `method` says how it was proved, by default `factors`.
        What `vouched` is, `Sessions.start` says.

        Raises `LearnerInactive`.
        """
        actor = Actor(id=learner.id, roles=frozenset(learner.roles))
        named = method or " and ".join(METHODS.get(each, each) for each in sorted(factors)[::-1])
        self._dispatcher.dispatch(
            RecordLogin(learner_id=learner.id, method=named),
            msgspec.structs.replace(context, actor=actor),
        )
        client = self._sealed_client(learner.id, context)
        session = self._sessions.start(learner.id, factors=factors, client=client, vouched=vouched)
        return Admitted(self.tokens(learner, session), session.session_id)

    def tokens(self, learner: Learner, session: Session) -> Tokens:
        """The tokens of a session, with the roles held now."""
        proof = Proof(session.authenticated_at, session.factors)
        access = self.access_token(learner, session.session_id, proof)
        return Tokens(
            access_token=access.access_token,
            refresh_token=session.refresh_token,
            expires_in=access.expires_in,
            scope=access.scope,
        )

    def access_token(self, learner: Learner, session_id: UUID, proof: Proof) -> AccessToken:
        """An access token alone: for nothing but the second factor while that is owed."""
        actor = Actor(
            id=learner.id,
            roles=frozenset(learner.roles),
            session_id=session_id,
            authenticated_at=proof.authenticated_at,
            factors=proof.factors,
        )
        scope: str | msgspec.UnsetType = msgspec.UNSET
        if self.enforced & actor.roles and not actor.has_second_factor:
            actor = msgspec.structs.replace(actor, operations=ENROLMENT)
            scope = " ".join(sorted(ENROLMENT))
        return AccessToken(
            access_token=self._issuer.access_token(actor),
            expires_in=self._issuer.seconds_valid,
            scope=scope,
        )

    def has_second_factor(self, learner_id: UUID) -> bool:
        """Whether somebody has a second factor that counts."""
        factor = self._log.find_latest(SecondFactor, second_factor_id(learner_id))
        return factor is not None and factor.is_confirmed

    def _sealed_client(self, learner_id: UUID, context: Context) -> str | None:
        if context.source_address is None:
            return None
        client = {"address": context.source_address, "user_agent": context.user_agent}
        return self._log.keys.seal(learner_id, msgspec.json.encode(client), CLIENT)
