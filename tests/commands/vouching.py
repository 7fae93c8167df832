"""Providers and a directory that vouch for whomever a test wants, and the ways in by them."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec

from access.external_identities import ExternalIdentities
from commands.admission import AccessToken, SecondFactorRequired, Tokens
from commands.directory import DirectoryAccounts
from commands.identity_provider import SignOnProvider, SignOnRefused
from commands.sign_on_steps import Callback
from commands.vouched import AccountPolicy, Vouched
from domain.roles import Role
from tests.commands.doors import Doors, Somebody
from tests.commands.system import System

ISSUER = "https://login.example.com"
DIRECTORY_PASSWORD = "known-to-the-directory"


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """Whom the provider names."""

    subject: str
    session: str | None = None
    factors: frozenset[str] = frozenset()
    authenticated_at: datetime | None = None
    claims: dict[str, Any] = {}
    id_token: str = "an ID token"


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """Who has logged out there."""

    token_id: str
    subject: str | None = None
    session: str | None = None
    expires_at: int = 0


class Provider:
    """Believes whatever code it is asked about to be the name of who logs in next."""

    issuer = ISSUER

    def __init__(self) -> None:
        self.knows: Known | None = None
        self.tells: Notice | None = None
        self.max_age: timedelta | None = None
        self.while_asked: Callable[[], object] = lambda: None

    def authorization_url(
        self,
        *,
        redirect_uri: str,
        state: str,
        nonce: str,
        verifier: str,
        max_age: timedelta | None = None,
    ) -> str:
        self.max_age = max_age
        return state

    def identify(self, *, code: str, redirect_uri: str, nonce: str, verifier: str) -> Known:
        if self.knows is None:
            raise SignOnRefused("Nobody.")
        self.while_asked()
        return self.knows

    def logout_url(self, *, id_token: str, redirect_uri: str, state: str) -> str | None:
        return f"{ISSUER}/logout?{id_token}"

    def logged_out(self, logout_token: str) -> Notice:
        if self.tells is None:
            raise SignOnRefused("Nobody.")
        return self.tells


class Company:
    """A provider that is trusted with second factors and one that isn't, and a way in by them."""

    def __init__(self, system: System) -> None:
        self.provider = Provider()
        policy = AccountPolicy(roles={"trainers": Role.INSTRUCTOR}, link_by_email=True)
        providers = {
            name: SignOnProvider(
                name=name,
                title=name,
                provider=self.provider,
                policy=policy,
                proves_factors=name == "trusted",
            )
            for name in ("corporate", "trusted")
        }
        self.doors = Doors(system, providers=providers)

    def logs_in(self, known: Known | None, by: str = "corporate") -> Tokens | SecondFactorRequired:
        done = self.comes_back(known, by)
        assert not isinstance(done, AccessToken)
        return done

    def comes_back(
        self, known: Known | None, by: str = "corporate", ticket: str | None = None
    ) -> Tokens | SecondFactorRequired | AccessToken:
        """What a browser is given that went to the provider, with a ticket or without."""
        self.provider.knows = known
        begun = self.doors.sso.begin(by, None, ticket)
        callback = Callback(state=begun.url, code="code", browser=begun.browser)
        done = self.doors.sso.complete(by, callback, self.doors.context())
        assert not isinstance(done, str)
        return done

    def logs_out(self, **about: Any) -> int:
        self.provider.tells = Notice(
            token_id=uuid4().hex, expires_at=int(self.doors.clock.timestamp()) + 60, **about
        )
        return self.doors.sso.end_sessions("corporate", "token", self.doors.context())

    def knows(self, jane: Somebody, **more: Any) -> Known:
        claims = {"email": f"{jane.name}@example.com", "email_verified": True}
        return Known(subject=jane.name, claims=claims, **more)


class People:
    """A directory in which everybody has the same password."""

    def __init__(self, known: set[str]) -> None:
        self.known = known
        self.pretended: list[str] = []

    def authenticate(self, name: str, password: str) -> Vouched | None:
        return vouched(name) if name in self.known and password == DIRECTORY_PASSWORD else None

    def pretend(self, name: str) -> None:
        self.pretended.append(name)

    def people(self) -> Iterable[Vouched]:
        return [vouched(name) for name in self.known]


def vouched(name: str) -> Vouched:
    return Vouched(
        provider="ldap",
        issuer="ldap",
        subject=name,
        username=name,
        email=f"{name}@example.com",
        email_verified=True,
        full_name="Jane Doe",
    )


def with_directory(system: System, people: People) -> Doors:
    identities = ExternalIdentities(system.pool)
    policy = AccountPolicy(link_by_email=True)
    directory = DirectoryAccounts(system.log, system.dispatcher, identities, people, policy)
    return Doors(system, directory=directory)
