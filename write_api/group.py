"""Commands on groups beyond what the company's directory decides."""

from uuid import UUID

from litestar import put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from commands.group import MapGroupRoles
from domain.roles import Role
from write_api.body import Body, command_of
from write_api.sender import Answer, Sender


class GroupRoles(Body, frozen=True):
    roles: list[Role]
    reason: str | None = None


@put("/groups/{group_id:uuid}/roles", operation_id="MapGroupRoles", tags=["Users"])
async def map_group_roles(
    group_id: FromPath[UUID], data: JSONBody[GroupRoles], sender: NamedDependency[Sender]
) -> Answer:
    """Set the roles that members of a group hold as long as they are members."""
    return await sender.change(command_of(MapGroupRoles, data, group_id=group_id))
