"""Commands on accounts."""

from uuid import UUID

import msgspec
from litestar import Controller, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, UnsetType

from commands.learner import (
    ChangeRoles,
    DeactivateLearner,
    ReactivateLearner,
    RegisterLearner,
    UpdateLearner,
)
from commands.skill import AssessSkill, RemoveSkill
from domain.roles import Role
from write_api.body import Body, command_of
from write_api.sender import Answer, Sender


class UserChanges(Body, frozen=True):
    """What is left out stays; `null` clears. `department` is the name of one that the tree of
    departments doesn't have, `department_id` refers to one that it has."""

    full_name: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    language: str | UnsetType = UNSET
    time_zone: str | UnsetType = UNSET
    department: str | UnsetType | None = UNSET
    department_id: UUID | UnsetType | None = UNSET
    job_role: str | UnsetType | None = UNSET
    manager_id: UUID | UnsetType | None = UNSET


class NewRoles(Body, frozen=True):
    """`departments` are those that a department admin is to look after."""

    roles: list[Role]
    departments: list[UUID] = msgspec.field(default_factory=list)
    reason: str | None = None


class Reason(Body, frozen=True):
    reason: str | None = None


class SkillLevel(Body, frozen=True):
    """`level` is from 1 (novice) to 5 (expert)."""

    skill: str
    level: int


class SkillName(Body, frozen=True):
    skill: str


class UserController(Controller):
    path = "/users"
    tags = ["Users"]

    @post("/", operation_id="RegisterLearner")
    async def register(
        self, data: JSONBody[RegisterLearner], sender: NamedDependency[Sender]
    ) -> Answer:
        """Open an account. User name and e-mail address are unique, whatever their case."""
        return await sender.create(data, "/users")

    @patch("/{learner_id:uuid}", operation_id="UpdateLearner")
    async def update(
        self,
        learner_id: FromPath[UUID],
        data: JSONBody[UserChanges],
        sender: NamedDependency[Sender],
    ) -> Answer:
        """Change an account; fields left out stay, null clears a field."""
        return await sender.change(command_of(UpdateLearner, data, learner_id=learner_id))

    @put("/{learner_id:uuid}/roles", operation_id="ChangeRoles")
    async def change_roles(
        self, learner_id: FromPath[UUID], data: JSONBody[NewRoles], sender: NamedDependency[Sender]
    ) -> Answer:
        """Set the roles that a person holds; what was granted and revoked is recorded."""
        return await sender.change(command_of(ChangeRoles, data, learner_id=learner_id))

    @post("/{learner_id:uuid}/deactivate", operation_id="DeactivateLearner", status_code=200)
    async def deactivate(
        self, learner_id: FromPath[UUID], data: JSONBody[Reason], sender: NamedDependency[Sender]
    ) -> Answer:
        """Close an account: its owner can't log in any more."""
        return await sender.change(command_of(DeactivateLearner, data, learner_id=learner_id))

    @post("/{learner_id:uuid}/reactivate", operation_id="ReactivateLearner", status_code=200)
    async def reactivate(
        self, learner_id: FromPath[UUID], sender: NamedDependency[Sender]
    ) -> Answer:
        """Open a deactivated account again."""
        return await sender.change(ReactivateLearner(learner_id=learner_id))

    @post("/{learner_id:uuid}/skills", operation_id="AssessSkill", status_code=200)
    async def assess_skill(
        self,
        learner_id: FromPath[UUID],
        data: JSONBody[SkillLevel],
        sender: NamedDependency[Sender],
    ) -> Answer:
        """Say how well somebody masters a skill; who says so is recorded."""
        return await sender.change(command_of(AssessSkill, data, learner_id=learner_id))

    @post("/{learner_id:uuid}/skills/remove", operation_id="RemoveSkill", status_code=200)
    async def remove_skill(
        self, learner_id: FromPath[UUID], data: JSONBody[SkillName], sender: NamedDependency[Sender]
    ) -> Answer:
        """Take a skill off somebody's profile; what was said about it stays in the history."""
        return await sender.change(command_of(RemoveSkill, data, learner_id=learner_id))
