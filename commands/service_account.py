"""Service accounts: what programs work with. A secret comes as a hash, it is shown elsewhere."""

from datetime import datetime
from uuid import UUID

from access.client_secrets import revoke_statement, save_statement
from access.permissions import NAMES, scopes
from access.sessions import end_all_statement
from commands.message import Command, handles
from commands.names import claim_name
from commands.work import Work
from domain.errors import Invalid
from domain.roles import Role
from domain.service_account import ServiceAccount

NAME = "service_account_name"


class CreateServiceAccount(Command, frozen=True):
    name: str
    roles: list[Role]
    secret_id: UUID
    secret_hash: bytes
    description: str | None = None
    scopes: list[str] | None = None
    expires_at: datetime | None = None

    def __repr__(self) -> str:
        return f"CreateServiceAccount(name={self.name!r})"


class ChangeServiceAccess(Command, frozen=True):
    service_account_id: UUID
    roles: list[Role]
    scopes: list[str] | None = None
    reason: str | None = None


class IssueClientSecret(Command, frozen=True):
    service_account_id: UUID
    secret_id: UUID
    secret_hash: bytes
    expires_at: datetime | None = None

    def __repr__(self) -> str:
        return f"IssueClientSecret(service_account_id={self.service_account_id!r})"


class RevokeClientSecret(Command, frozen=True):
    service_account_id: UUID
    secret_id: UUID


class DisableServiceAccount(Command, frozen=True):
    service_account_id: UUID
    reason: str | None = None


class EnableServiceAccount(Command, frozen=True):
    service_account_id: UUID


@handles(CreateServiceAccount)
def create_service_account(command: CreateServiceAccount, work: Work) -> ServiceAccount:
    _check_scopes(command.roles, command.scopes)
    account = ServiceAccount.create(
        id=work.new_id(),
        name=command.name,
        description=command.description,
        roles=command.roles,
        scopes=command.scopes,
        created_by=work.actor.id,
        at=work.now,
    )
    work.save_too(claim_name(work, NAME, account.name, account.id))
    _issue_secret(account, command, work)
    return account


@handles(ChangeServiceAccess)
def change_service_access(command: ChangeServiceAccess, work: Work) -> ServiceAccount:
    account = work.get(ServiceAccount, command.service_account_id)
    _check_scopes(command.roles, command.scopes)
    account.change_access(
        roles=command.roles, scopes=command.scopes, reason=command.reason, at=work.now
    )
    _end_tokens(account, work)
    return account


@handles(IssueClientSecret)
def issue_client_secret(command: IssueClientSecret, work: Work) -> ServiceAccount:
    account = work.get(ServiceAccount, command.service_account_id)
    _issue_secret(account, command, work)
    return account


@handles(RevokeClientSecret)
def revoke_client_secret(command: RevokeClientSecret, work: Work) -> ServiceAccount:
    account = work.get(ServiceAccount, command.service_account_id)
    account.revoke_secret(secret_id=command.secret_id, at=work.now)
    work.execute_too(*revoke_statement(command.secret_id))
    _end_tokens(account, work)
    return account


@handles(DisableServiceAccount)
def disable_service_account(command: DisableServiceAccount, work: Work) -> ServiceAccount:
    account = work.get(ServiceAccount, command.service_account_id)
    account.disable(reason=command.reason, at=work.now)
    _end_tokens(account, work)
    return account


@handles(EnableServiceAccount)
def enable_service_account(command: EnableServiceAccount, work: Work) -> ServiceAccount:
    account = work.get(ServiceAccount, command.service_account_id)
    account.enable(at=work.now)
    return account


def _issue_secret(
    account: ServiceAccount, command: CreateServiceAccount | IssueClientSecret, work: Work
) -> None:
    expires_at = command.expires_at
    account.issue_secret(secret_id=command.secret_id, expires_at=expires_at, at=work.now)
    work.execute_too(
        *save_statement(command.secret_id, account.id, command.secret_hash, work.now, expires_at)
    )


def _end_tokens(account: ServiceAccount, work: Work) -> None:
    """Each access token has a session, so it ends with it, before it expires."""
    work.execute_too(*end_all_statement(account.id, work.now, "access changed"))


def _check_scopes(roles: list[Role], names: list[str] | None) -> None:
    for index, name in enumerate(names or ()):
        if name not in NAMES:
            raise Invalid(f"There is no operation {name[:100]!r}.", field=f"scopes[{index}]")
        if not scopes(frozenset(roles), name):
            raise Invalid(f"The roles don't allow {name}.", field=f"scopes[{index}]")
