"""The directory of `LMS_SSO_FILE`, put together."""

import os
from datetime import UTC, datetime
from uuid import uuid4

from access.actor import SYSTEM
from access.external_identities import ExternalIdentities
from adapters.directory import Directory, DirectoryServer, DirectoryUnreachable, Entry
from commands.context import Context
from commands.directory import (
    ISSUER,
    PROVIDER,
    DirectoryAccounts,
    DirectorySync,
    DirectoryUnavailable,
)
from commands.vouched import Vouched
from lms.composition import CommandSide
from lms.settings import Settings, SettingsError
from lms.sso import DirectorySection, must_be_grantable, read_sso_file, secret_of


def directory_accounts(settings: Settings, side: CommandSide) -> DirectoryAccounts | None:
    """Log-ins by the directory, where there is one. Raises `SettingsError`."""
    section = read_sso_file(settings.sso_file).directory
    if section is None:
        return None
    return DirectoryAccounts(
        side.log,
        side.dispatcher,
        ExternalIdentities(side.pool),
        _directory(section),
        section.accounts.policy(),
    )


def directory_sync(settings: Settings, side: CommandSide) -> DirectorySync | None:
    """What keeps accounts like the directory says. Raises `SettingsError`."""
    section = read_sso_file(settings.sso_file).directory
    if section is None:
        return None
    return DirectorySync(
        side.log,
        side.dispatcher,
        ExternalIdentities(side.pool),
        _directory(section),
        section.accounts.policy(),
        context=_context,
        most_leaving=section.most_leaving,
    )


def _directory(section: DirectorySection) -> "_VouchingDirectory":
    must_be_grantable(section.accounts, "directory")
    password = secret_of(section.bind_password, section.bind_password_env, "directory", os.environ)
    server = DirectoryServer(
        url=section.url,
        base_dn=section.base_dn,
        bind_dn=section.bind_dn,
        bind_password=password or "",
        start_tls=section.start_tls,
        ca_file=section.ca_file,
        filter=section.filter,
        login_attributes=section.login_attributes,
        attributes=section.attributes,
        groups=section.groups,
    )
    try:
        return _VouchingDirectory(Directory(server))
    except (ValueError, OSError) as error:
        raise SettingsError([f"LMS_SSO_FILE: directory: {error}"]) from error


def _context() -> Context:
    return Context(actor=SYSTEM, now=datetime.now(UTC), correlation_id=uuid4(), command_id=uuid4())


class _VouchingDirectory:
    """The adapter, in the words of the commands. A company's own addresses count as verified."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def authenticate(self, name: str, password: str) -> Vouched | None:
        try:
            entry = self._directory.authenticate(name, password)
        except DirectoryUnreachable as error:
            raise DirectoryUnavailable from error
        return vouched(entry) if entry else None

    def pretend(self, name: str) -> None:
        try:
            self._directory.pretend(name)
        except DirectoryUnreachable as error:
            raise DirectoryUnavailable from error

    def people(self) -> list[Vouched]:
        try:
            return [vouched(entry) for entry in self._directory.people()]
        except DirectoryUnreachable as error:
            raise DirectoryUnavailable from error


def vouched(entry: Entry) -> Vouched:
    """What an entry says, in our words."""
    return Vouched(
        provider=PROVIDER,
        issuer=ISSUER,
        subject=entry.id,
        username=entry.username,
        email=entry.email,
        email_verified=True,
        full_name=entry.full_name,
        department=entry.department,
        groups=entry.groups,
    )
