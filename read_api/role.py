"""The roles, and what the permission table lets each of them do."""

from collections.abc import Sequence

import msgspec
from litestar import get
from litestar.di import NamedDependency

from access.permissions import COMMANDS, QUERIES, scopes
from domain.roles import Role
from read_api.asking import READS, Asking


class RoleGrants(msgspec.Struct, frozen=True):
    """`commands` and `queries` map a name to how far it goes: any, self, reports, own courses."""

    role: str
    commands: dict[str, Sequence[str]]
    queries: dict[str, Sequence[str]]


class Roles(msgspec.Struct, frozen=True):
    items: Sequence[RoleGrants]
    next_cursor: None = None


def _grants(role: Role, names: dict[str, object]) -> dict[str, Sequence[str]]:
    reached = {name: sorted(scopes(frozenset({role}), name)) for name in names}
    return {name: found for name, found in reached.items() if found}


ROLES = Roles(
    [
        RoleGrants(role, _grants(role, {**COMMANDS}), _grants(role, {**QUERIES}))
        for role in Role
        if role is not Role.SYSTEM
    ]
)


@get("/roles", operation_id="ListRoles", tags=["Users"], opt={READS: ()}, sync_to_thread=False)
def list_roles(asking: NamedDependency[Asking]) -> Roles:
    """List the roles that a person can hold, each with what it may do."""
    return ROLES
