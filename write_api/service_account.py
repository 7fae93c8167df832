"""Service accounts, for administrators."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Controller, Response, delete, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from access.actor import Actor
from commands.client_credentials import ClientCredentials, ClientSecret
from commands.context import Recorded
from commands.service_account import (
    ChangeServiceAccess,
    DisableServiceAccount,
    EnableServiceAccount,
    RevokeClientSecret,
)
from domain.roles import Role
from edge.request import EdgeRequest
from write_api.body import Body, command_of
from write_api.sender import Answer, Sender, context_of, headers_of
from write_api.session import NO_STORE
from write_api.threads import Threads


class NewServiceAccount(Body, frozen=True):
    """`scopes` are the only operations (by operation id) it may ever do; left out: all that its
    roles allow. `expires_at` is when its first secret expires; left out: never."""

    name: str
    roles: list[Role]
    description: str | None = None
    scopes: list[str] | None = None
    expires_at: datetime | None = None


class ServiceAccess(Body, frozen=True):
    """`scopes` left out: all that the roles allow."""

    roles: list[Role]
    scopes: list[str] | None = None
    reason: str | None = None


class NewSecret(Body, frozen=True):
    expires_at: datetime | None = None


class DisablingReason(Body, frozen=True):
    reason: str | None = None


class ShownSecret(Recorded, frozen=True, kw_only=True):
    """`client_secret` is shown this once."""

    client_id: UUID
    secret_id: UUID
    client_secret: str

    def __repr__(self) -> str:
        return f"ShownSecret(client_id={self.client_id!r}, secret_id={self.secret_id!r})"


class ServiceAccountController(Controller):
    path = "/service-accounts"
    tags = ["Service accounts"]

    @post("/", operation_id="CreateServiceAccount", status_code=201, cache_control=NO_STORE)
    async def create(
        self,
        request: EdgeRequest[Actor, Any],
        data: JSONBody[NewServiceAccount],
        clients: NamedDependency[ClientCredentials],
        threads: NamedDependency[Threads],
    ) -> Response[ShownSecret]:
        """Make an account for a program, with its first secret, which is shown this once."""
        made = await threads.run(
            clients.create,
            data.name,
            data.description,
            data.roles,
            data.scopes,
            data.expires_at,
            context_of(request.user),
        )
        return _shown(made)

    @put("/{service_account_id:uuid}/access", operation_id="ChangeServiceAccess")
    async def change_access(
        self,
        service_account_id: FromPath[UUID],
        data: JSONBody[ServiceAccess],
        sender: NamedDependency[Sender],
    ) -> Answer:
        """Set the roles and scopes of a service account; its tokens end."""
        command = command_of(ChangeServiceAccess, data, service_account_id=service_account_id)
        return await sender.change(command)

    @post(
        "/{service_account_id:uuid}/secrets",
        operation_id="IssueClientSecret",
        status_code=201,
        cache_control=NO_STORE,
    )
    async def issue_secret(
        self,
        request: EdgeRequest[Actor, Any],
        service_account_id: FromPath[UUID],
        data: JSONBody[NewSecret],
        clients: NamedDependency[ClientCredentials],
        threads: NamedDependency[Threads],
    ) -> Response[ShownSecret]:
        """Make a further secret, so that one can be replaced without a pause; two at most."""
        context = context_of(request.user)
        made = await threads.run(clients.issue, service_account_id, data.expires_at, context)
        return _shown(made)

    @delete(
        "/{service_account_id:uuid}/secrets/{secret_id:uuid}",
        operation_id="RevokeClientSecret",
        status_code=200,
    )
    async def revoke_secret(
        self,
        service_account_id: FromPath[UUID],
        secret_id: FromPath[UUID],
        sender: NamedDependency[Sender],
    ) -> Answer:
        """Make a secret worthless; the account's tokens end."""
        command = RevokeClientSecret(service_account_id=service_account_id, secret_id=secret_id)
        return await sender.change(command)

    @post(
        "/{service_account_id:uuid}/disable", operation_id="DisableServiceAccount", status_code=200
    )
    async def disable(
        self,
        service_account_id: FromPath[UUID],
        data: JSONBody[DisablingReason],
        sender: NamedDependency[Sender],
    ) -> Answer:
        """Give a service account no more tokens, and end those that it has."""
        command = command_of(DisableServiceAccount, data, service_account_id=service_account_id)
        return await sender.change(command)

    @post("/{service_account_id:uuid}/enable", operation_id="EnableServiceAccount", status_code=200)
    async def enable(
        self, service_account_id: FromPath[UUID], sender: NamedDependency[Sender]
    ) -> Answer:
        """Let a disabled service account in again, with the secrets that it has."""
        return await sender.change(EnableServiceAccount(service_account_id=service_account_id))


def _shown(made: ClientSecret) -> Response[ShownSecret]:
    recorded = made.recorded
    body = ShownSecret(
        recorded.id,
        recorded.version,
        recorded.position,
        client_id=made.client_id,
        secret_id=made.secret_id,
        client_secret=made.client_secret,
    )
    headers = headers_of(recorded) | {"Location": f"/service-accounts/{made.client_id}"}
    return Response(body, status_code=201, headers=headers)
