"""Queries on the identities elsewhere that get somebody in."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath

from read_api.asking import READS, Asking
from read_api.condition import Condition

SELECT = "SELECT identity_id AS id, provider, linked_at, left_at FROM access.external_identities"


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """`provider` is as the log calls it: `oidc:<name>` or `ldap`. `left_at`: since when the
    directory has them no more. `linked_at` null: before such times were kept."""

    id: UUID
    provider: str
    linked_at: datetime | None
    left_at: datetime | None


class IdentityList(msgspec.Struct, frozen=True):
    items: Sequence[Identity]
    next_cursor: None = None


@get(
    "/users/{learner_id:uuid}/identities",
    operation_id="ListIdentities",
    tags=["Users"],
    opt={READS: ()},
)
async def list_identities(
    learner_id: FromPath[UUID], asking: NamedDependency[Asking]
) -> IdentityList:
    """List the identities elsewhere that get a person in; none when one may not see them."""
    where = asking.where(learner="learner_id")
    where.also(Condition("learner_id = %s", (learner_id,)))
    query = f"{SELECT}{where} ORDER BY provider, identity_id"
    return IdentityList(await asking.database.all(Identity, query, where.params))
