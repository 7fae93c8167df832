"""OpenID Connect providers, as sign-on sees them: what one is asked, and what it may say."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

import msgspec

from access.actor import SECOND_FACTORS
from access.sessions import PASSWORD
from commands.vouched import AccountPolicy, Vouched


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
    """Who has logged in there; `authenticated_at` is when, if the provider says so."""

    @property
    def subject(self) -> str: ...
    @property
    def session(self) -> str | None: ...
    @property
    def factors(self) -> frozenset[str]: ...
    @property
    def authenticated_at(self) -> datetime | None: ...
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

    def authorization_url(
        self,
        *,
        redirect_uri: str,
        state: str,
        nonce: str,
        verifier: str,
        max_age: timedelta | None = None,
    ) -> str:
        """Where to send the browser to log in; with `max_age`, to log in there anew."""

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

    def believed(self, factors: frozenset[str]) -> frozenset[str]:
        """What counts here of what it says that somebody has shown."""
        return factors & BELIEVED_FACTORS if self.proves_factors else frozenset()


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
