"""Commands on accounts."""

from uuid import UUID

from litestar import Controller, patch, post, put

from commands.learner import (
    ChangeRoles,
    DeactivateLearner,
    ReactivateLearner,
    RegisterLearner,
    UpdateLearner,
)
from domain.roles import Role
from write_api.body import Body, command_of
from write_api.sender import Answer, Sender


class UserChanges(Body, frozen=True):
    full_name: str | None = None
    email: str | None = None
    language: str | None = None
    time_zone: str | None = None
    department: str | None = None
    job_role: str | None = None
    manager_id: UUID | None = None


class NewRoles(Body, frozen=True):
    roles: list[Role]
    reason: str | None = None


class Reason(Body, frozen=True):
    reason: str | None = None


class UserController(Controller):
    path = "/users"
    tags = ["Users"]

    @post("/", operation_id="RegisterLearner")
    async def register(self, data: RegisterLearner, sender: Sender) -> Answer:
        """Open an account. User name and e-mail address are unique, whatever their case."""
        return await sender.create(data, "/users")

    @patch("/{learner_id:uuid}", operation_id="UpdateLearner")
    async def update(self, learner_id: UUID, data: UserChanges, sender: Sender) -> Answer:
        """Change an account; fields left out stay."""
        return await sender.change(command_of(UpdateLearner, data, learner_id=learner_id))

    @put("/{learner_id:uuid}/roles", operation_id="ChangeRoles")
    async def change_roles(self, learner_id: UUID, data: NewRoles, sender: Sender) -> Answer:
        """Set the roles that a person holds; what was granted and revoked is recorded."""
        return await sender.change(command_of(ChangeRoles, data, learner_id=learner_id))

    @post("/{learner_id:uuid}/deactivate", operation_id="DeactivateLearner", status_code=200)
    async def deactivate(self, learner_id: UUID, data: Reason, sender: Sender) -> Answer:
        """Close an account: its owner can't log in any more."""
        return await sender.change(command_of(DeactivateLearner, data, learner_id=learner_id))

    @post("/{learner_id:uuid}/reactivate", operation_id="ReactivateLearner", status_code=200)
    async def reactivate(self, learner_id: UUID, sender: Sender) -> Answer:
        """Open a deactivated account again."""
        return await sender.change(ReactivateLearner(learner_id=learner_id))
