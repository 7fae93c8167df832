"""Commands on departments."""

from uuid import UUID

from litestar import Controller, delete, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from commands.organization import (
    AddDepartment,
    MoveDepartment,
    RemoveDepartment,
    RenameDepartment,
)
from write_api.body import Body, command_of
from write_api.sender import Answer, Sender


class NewName(Body, frozen=True):
    name: str


class NewParent(Body, frozen=True):
    """`null` puts it at the top."""

    parent_id: UUID | None


class DepartmentController(Controller):
    """Versions are those of the whole tree."""

    path = "/departments"
    tags = ["Departments"]

    @post("/", operation_id="AddDepartment")
    async def add(self, data: JSONBody[AddDepartment], sender: NamedDependency[Sender]) -> Answer:
        """Add a department, at the top or below another one."""
        return await sender.create(data, "/departments")

    @patch("/{department_id:uuid}", operation_id="RenameDepartment")
    async def rename(
        self,
        department_id: FromPath[UUID],
        data: JSONBody[NewName],
        sender: NamedDependency[Sender],
    ) -> Answer:
        """Give a department another name; no two beside each other have the same."""
        return await sender.change(command_of(RenameDepartment, data, department_id=department_id))

    @put("/{department_id:uuid}/parent", operation_id="MoveDepartment")
    async def move(
        self,
        department_id: FromPath[UUID],
        data: JSONBody[NewParent],
        sender: NamedDependency[Sender],
    ) -> Answer:
        """Move a department with everything below it; never below itself."""
        return await sender.change(command_of(MoveDepartment, data, department_id=department_id))

    @delete("/{department_id:uuid}", operation_id="RemoveDepartment", status_code=200)
    async def remove(
        self, department_id: FromPath[UUID], sender: NamedDependency[Sender]
    ) -> Answer:
        """Remove a department that has no people, no courses and no departments below it."""
        return await sender.change(RemoveDepartment(department_id=department_id))
