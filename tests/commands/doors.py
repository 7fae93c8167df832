"""The ways in, over a `System`: with a clock that passes only when told to."""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pyotp

from access.actor import Actor
from access.challenges import Challenges
from access.client_secrets import ClientSecrets
from access.keys import SigningKeys, VerificationKeys
from access.passwords import Passwords
from access.recovery_codes import RecoveryCodes
from access.refusals import Refusals
from access.resets import Resets
from access.sessions import Sessions
from access.sso import SsoTables
from access.throttle import Throttle
from access.tokens import TokenIssuer, TokenVerifier
from access.totp import Totp
from commands.admission import Admission, SecondFactorRequired, Tokens
from commands.client_credentials import ClientCredentials
from commands.context import Context
from commands.directory import DirectoryAccounts
from commands.doorkeeper import Doorkeeper
from commands.factors import SecondFactors
from commands.forgotten_password import ForgottenPasswords
from commands.identity_provider import SignOnProvider
from commands.key_rotation import KeyRotation
from commands.learner import RegisterLearner
from commands.login import Accounts
from commands.proof import FactorCheck, Given
from commands.single_sign_on import SingleSignOn
from domain.roles import Role
from tests.access.conftest import Clock
from tests.commands.system import ADMIN, MASTER_KEY, System

PASSWORD = "only-for-tests-1"
ISSUER, AUDIENCE = "https://lms.example", "lms"
NOBODY = Actor(id=None, roles=frozenset())


class Doors:
    """As the write API has them; `enforced` are the roles that need a second factor."""

    def __init__(
        self,
        system: System,
        *,
        enforced: frozenset[Role] = frozenset(),
        passwords: Passwords | None = None,
        providers: Mapping[str, SignOnProvider] | None = None,
        directory: DirectoryAccounts | None = None,
    ) -> None:
        self.system = system
        self.clock = Clock()
        self._open_tables()
        self._issue_tokens()
        self.throttle = Throttle(system.pool, MASTER_KEY, clock=self.clock)
        self.door = Doorkeeper(self.throttle, self.refusals)
        self.admission = Admission(
            *(system.log, system.dispatcher, self.sessions, self.challenges, self.issuer),
            enforced=enforced,
        )
        self._let_people_in(passwords or system.passwords, directory)
        self._let_others_in(providers or {})

    def _open_tables(self) -> None:
        pool, clock = self.system.pool, self.clock
        years = timedelta(days=3650)
        self.sessions = Sessions(pool, clock=clock, longest_session=years, longest_pause=years)
        self.challenges = Challenges(pool, clock=clock)
        self.refusals = Refusals(pool, MASTER_KEY, clock=clock)
        self.totp = Totp(pool, MASTER_KEY, clock=clock)
        self.codes = RecoveryCodes(pool, MASTER_KEY)
        self.tables = SsoTables(pool, MASTER_KEY, clock=clock)

    def _issue_tokens(self) -> None:
        pool, now = self.system.pool, self.clock.timestamp
        self.keys = SigningKeys(pool, MASTER_KEY)
        self.keys.ensure()
        self.issuer = TokenIssuer(self.keys, clock=now, issuer=ISSUER, audience=AUDIENCE)
        self.verifier = TokenVerifier(
            VerificationKeys(pool, monotonic=now), clock=now, issuer=ISSUER, audience=AUDIENCE
        )

    def _let_people_in(self, passwords: Passwords, directory: DirectoryAccounts | None) -> None:
        log, dispatcher = self.system.log, self.system.dispatcher
        check = FactorCheck(dispatcher, self.totp, self.codes, self.door)
        self.accounts = Accounts(
            *(log, dispatcher, passwords, self.sessions, self.door, self.admission, check),
            directory,
        )
        self.factors = SecondFactors(
            *(log, dispatcher, self.admission, passwords, self.sessions, self.challenges),
            *(self.totp, self.codes, self.door, self.tables, directory),
        )
        self.forgotten = ForgottenPasswords(
            *(log, dispatcher, Resets(self.system.pool, clock=self.clock), self.refusals),
            asking=Throttle(self.system.pool, bytes(32), clock=self.clock),
            guessing=self.throttle,
        )

    def _let_others_in(self, providers: Mapping[str, SignOnProvider]) -> None:
        log, dispatcher = self.system.log, self.system.dispatcher
        self.sso = SingleSignOn(
            *(log, dispatcher, self.tables, self.sessions, self.door, self.admission, providers),
            public_url=ISSUER,
        )
        secrets = ClientSecrets(self.system.pool, clock=self.clock)
        self.clients = ClientCredentials(
            log, dispatcher, secrets, self.sessions, self.door, self.issuer
        )
        self.rotation = KeyRotation(dispatcher, self.keys)

    def context(self, actor: Actor = NOBODY, **values: Any) -> Context:
        return Context(
            actor=actor,
            now=self.clock.now,
            correlation_id=uuid4(),
            command_id=uuid4(),
            **values,
        )

    def refused(self, owner_id: UUID | None) -> dict[tuple[str, str], int]:
        """How often somebody was refused, by act and reason."""
        sums: Counter[tuple[str, str]] = Counter()
        for it in self.refusals.untold(10_000):
            if it.learner_id == owner_id:  # nobody's are kept apart by where they came from
                sums[it.kind, it.reason] += it.number
        return dict(sums)

    def admin(self) -> Actor:
        """Has proved a moment ago who they are."""
        return msgspec.structs.replace(ADMIN, authenticated_at=self.clock.now)

    def actor(self, token: str) -> Actor:
        """Whom an access token names."""
        return self.verifier.verify(token)

    def a_person(self, *roles: Role) -> "Somebody":
        name = uuid4().hex
        command = RegisterLearner(
            username=name,
            email=f"{name}@example.com",
            full_name="Jane Doe",
            password=PASSWORD,
            roles=list(roles) or [Role.EMPLOYEE],
        )
        self.system.dispatch(command, self.admin(), now=self.clock.now)
        return Somebody(self, name)


class Somebody:
    """A person with a password and, once enrolled, an authenticator app."""

    def __init__(self, doors: Doors, name: str) -> None:
        self.doors = doors
        self.name = name
        self.secret = ""
        self.recovery_codes: list[str] = []

    def first_step(self) -> Tokens | SecondFactorRequired:
        return self.doors.accounts.log_in(self.name, PASSWORD, self.doors.context())

    def logged_in(self) -> Actor:
        """Whoever they are after a log-in with all that is asked for."""
        return self.doors.actor(self.tokens().access_token)

    def tokens(self) -> Tokens:
        first = self.first_step()
        if isinstance(first, Tokens):
            return first
        return self.second_step(first, Given(code=self.code()))

    def second_step(self, first: SecondFactorRequired, given: Given) -> Tokens:
        return self.doors.factors.log_in(first.challenge, given, self.doors.context())

    def challenged(self) -> SecondFactorRequired:
        first = self.first_step()
        assert isinstance(first, SecondFactorRequired)
        return first

    def code(self) -> str:
        """The code of now. Time passes after it, so that the next one is another."""
        self.doors.clock.advance(seconds=30)
        return pyotp.TOTP(self.secret).at(self.doors.clock.now)

    def begins(self, actor: Actor) -> None:
        context = self.doors.context(actor)
        self.secret = self.doors.factors.start_enrolment(context).shared.secret

    def confirms(self, actor: Actor) -> None:
        code = self.code()
        shown = self.doors.factors.confirm(code, self.doors.context(actor))
        self.recovery_codes = shown.recovery_codes

    def enrols(self) -> Actor:
        actor = self.logged_in()
        self.begins(actor)
        self.confirms(actor)
        return actor
