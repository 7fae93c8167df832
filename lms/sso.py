"""Single sign-on as the file `LMS_SSO_FILE` describes it, put together.

The file is JSON; `docs/single-sign-on.md` explains it. Secrets stand in it, or in variables that it
names.
"""

import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from access.sessions import Sessions
from access.sso import SsoTables
from adapters.directory import Attributes, Groups
from adapters.oidc import (
    Client,
    Identity,
    LogoutNotice,
    OidcProvider,
    ProviderRefused,
    ProviderUnreachable,
)
from commands.admission import Admission
from commands.doorkeeper import Doorkeeper
from commands.identity_provider import (
    ClaimNames,
    ProviderUnavailable,
    SignOnProvider,
    SignOnRefused,
)
from commands.single_sign_on import SingleSignOn
from commands.vouched import AccountPolicy
from domain.roles import Role
from lms.composition import CommandSide
from lms.settings import Settings, SettingsError

ProviderName = Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9-]{0,63}$")]
RESERVED = {"tokens", "logout"}


class Accounts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How accounts follow a provider; see `AccountPolicy`."""

    roles: dict[str, Role] = {}
    default_roles: tuple[Role, ...] = (Role.EMPLOYEE,)
    just_in_time: bool = True
    link_by_email: bool = False

    def policy(self) -> AccountPolicy:
        """The same, as commands need it."""
        return AccountPolicy(
            roles=self.roles,
            default_roles=self.default_roles,
            just_in_time=self.just_in_time,
            link_by_email=self.link_by_email,
        )


class Provider(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One OpenID Connect provider.

    With `proves_factors` its `amr` counts: whoever showed it a second factor owes none here.
    """

    issuer: str
    client_id: str
    client_secret: str | None = None
    client_secret_env: str | None = None
    title: str | None = None
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    claims: ClaimNames = ClaimNames()
    accounts: Accounts = Accounts()
    proves_factors: bool = False

    def __repr__(self) -> str:
        return f"Provider(issuer={self.issuer!r})"


class DirectorySection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The LDAP directory; every `sync_minutes` accounts are brought up to date with it.

    `most_leaving` is the share of its accounts that one sync may deactivate.
    """

    url: str
    base_dn: str
    bind_dn: str
    bind_password: str | None = None
    bind_password_env: str | None = None
    start_tls: bool = True
    ca_file: str | None = None
    filter: str = "(objectClass=inetOrgPerson)"
    login_attributes: tuple[str, ...] = ("uid", "mail")
    attributes: Attributes = Attributes()
    groups: Groups | None = None
    accounts: Accounts = Accounts()
    sync_minutes: Annotated[float, Meta(gt=0)] | None = None
    most_leaving: Annotated[float, Meta(ge=0, le=1)] = 0.1

    def __repr__(self) -> str:
        return f"DirectorySection(url={self.url!r})"


class SsoFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of it. A front end is redirected to with `?code=` or `?error=`."""

    providers: dict[ProviderName, Provider] = {}
    frontend_url: str | None = None
    directory: DirectorySection | None = None


def read_sso_file(path: str) -> SsoFile:
    """What the file says; without a path, that there is nothing. Raises `SettingsError`."""
    if not path:
        return SsoFile()
    try:
        return msgspec.json.decode(Path(path).read_bytes(), type=SsoFile)
    except (OSError, msgspec.DecodeError) as error:
        raise SettingsError([f"LMS_SSO_FILE: {error}"]) from error


def single_sign_on(
    settings: Settings,
    side: CommandSide,
    sessions: Sessions,
    tables: SsoTables,
    door: Doorkeeper,
    admission: Admission,
) -> SingleSignOn:
    """Ready to log people in. Raises `SettingsError`."""
    file = read_sso_file(settings.sso_file)
    return SingleSignOn(
        side.log,
        side.dispatcher,
        tables,
        sessions,
        door,
        admission,
        {name: _provider(name, each, os.environ) for name, each in file.providers.items()},
        public_url=settings.public_url,
        frontend_url=file.frontend_url,
        step_up_after=timedelta(minutes=settings.step_up_minutes),
    )


def _provider(name: str, given: Provider, environment: Mapping[str, str]) -> SignOnProvider:
    if name in RESERVED or "openid" not in given.scopes:
        raise SettingsError([f"LMS_SSO_FILE: {name}: another name and the scope openid are needed"])
    must_be_grantable(given.accounts, name)
    client = Client(
        issuer=given.issuer,
        client_id=given.client_id,
        client_secret=secret_of(given.client_secret, given.client_secret_env, name, environment),
        scopes=given.scopes,
    )
    try:
        provider = _TranslatedProvider(OidcProvider(client))
    except ValueError as error:
        raise SettingsError([f"LMS_SSO_FILE: {name}: {error}"]) from error
    return SignOnProvider(
        name=name,
        title=given.title or name,
        provider=provider,
        claims=given.claims,
        policy=given.accounts.policy(),
        proves_factors=given.proves_factors,
    )


def secret_of(
    given: str | None, variable: str | None, name: str, environment: Mapping[str, str]
) -> str | None:
    """A secret from the file or from the variable that it names. Raises `SettingsError`."""
    if variable is None:
        return given
    if not environment.get(variable):
        raise SettingsError([f"LMS_SSO_FILE: {name}: the variable {variable} is not set"])
    return environment[variable]


def must_be_grantable(accounts: Accounts, name: str) -> None:
    """Raises `SettingsError` for roles that nobody holds, or only for some departments."""
    never = {Role.SYSTEM, Role.DEPARTMENT_ADMIN} & {
        *accounts.roles.values(),
        *accounts.default_roles,
    }
    if never:
        roles = ", ".join(sorted(never))
        raise SettingsError([f"LMS_SSO_FILE: {name}: nobody gets this role here: {roles}"])


class _TranslatedProvider:
    """The adapter, with its refusals in the words of the commands."""

    def __init__(self, provider: OidcProvider) -> None:
        self._provider = provider

    @property
    def issuer(self) -> str:
        return self._provider.issuer

    def authorization_url(
        self,
        *,
        redirect_uri: str,
        state: str,
        nonce: str,
        verifier: str,
        max_age: timedelta | None = None,
    ) -> str:
        try:
            return self._provider.authorization_url(
                redirect_uri=redirect_uri,
                state=state,
                nonce=nonce,
                verifier=verifier,
                max_age=max_age,
            )
        except ProviderUnreachable as error:
            raise ProviderUnavailable from error

    def identify(self, *, code: str, redirect_uri: str, nonce: str, verifier: str) -> Identity:
        try:
            return self._provider.identify(
                code=code, redirect_uri=redirect_uri, nonce=nonce, verifier=verifier
            )
        except ProviderRefused as error:
            raise SignOnRefused(error.reason) from error
        except ProviderUnreachable as error:
            raise ProviderUnavailable from error

    def logout_url(self, *, id_token: str, redirect_uri: str, state: str) -> str | None:
        try:
            return self._provider.logout_url(
                id_token=id_token, redirect_uri=redirect_uri, state=state
            )
        except ProviderUnreachable:
            # The session here has ended already; the other one will in time.
            return None

    def logged_out(self, logout_token: str) -> LogoutNotice:
        try:
            return self._provider.logged_out(logout_token)
        except ProviderRefused as error:
            raise SignOnRefused(error.reason) from error
        except ProviderUnreachable as error:
            raise ProviderUnavailable from error
