"""Queries on service accounts."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from edge.cursor import DEFAULT_LIMIT, CursorParameter, Limit, Page
from edge.etag import IfNoneMatch, conditional
from read_api.asking import READS, Asking, found
from read_api.condition import Condition, Where
from read_api.listing import Listing

# When a secret was last used is no event: it would be one for each token.
SELECT = """
SELECT id, name, description, roles, scopes, enabled, created_by, created_at, version,
    coalesce((
        SELECT json_agg(json_build_object(
            'id', s.id, 'created_at', s.created_at, 'expires_at', s.expires_at,
            'last_used_at', used.last_used_at) ORDER BY s.created_at, s.id)
        FROM read_models.client_secret s
        LEFT JOIN access.client_secrets used ON used.secret_id = s.id
        WHERE s.service_account_id = service_account.id), '[]'::json) AS secrets
FROM read_models.service_account"""


class ClientSecretInfo(msgspec.Struct, frozen=True):
    """All that can be known of a secret after it was shown."""

    id: UUID
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class ServiceAccountInfo(msgspec.Struct, frozen=True, kw_only=True):
    """`id` is the client id; `scopes` null: all that the roles allow."""

    id: UUID
    name: str
    description: str | None
    roles: Sequence[str]
    scopes: Sequence[str] | None
    enabled: bool
    created_by: UUID | None
    created_at: datetime
    version: int
    secrets: Sequence[ClientSecretInfo]


ACCOUNTS = Listing(
    "service accounts",
    ServiceAccountInfo,
    SELECT,
    order=("created_at", "id"),
    key=lambda account: (account.created_at, account.id),
)


class ServiceAccountController(Controller):
    path = "/service-accounts"
    tags = ["Service accounts"]
    opt = {READS: ("service_account",)}

    @get("/", operation_id="ListServiceAccounts")
    async def many(
        self,
        asking: NamedDependency[Asking],
        limit: Limit = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
    ) -> Page[ServiceAccountInfo]:
        """List service accounts, the newest first."""
        return await ACCOUNTS.page(asking.database, Where(), limit, cursor)

    @get("/{service_account_id:uuid}", operation_id="GetServiceAccount")
    async def one(
        self,
        service_account_id: FromPath[UUID],
        asking: NamedDependency[Asking],
        if_none_match: IfNoneMatch = None,
    ) -> Response[ServiceAccountInfo]:
        """Get one service account."""
        where = Where(Condition("id = %s", (service_account_id,)))
        row = await asking.database.first(ServiceAccountInfo, f"{SELECT}{where}", where.params)
        account = found(row, "service account")
        return conditional(account, account.version, if_none_match)
