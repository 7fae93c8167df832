"""Groups of the company's directory, and the roles that being in one gives."""

from collections.abc import Iterable
from uuid import UUID

from access.memberships import (
    GROUPS_OF,
    departed_statement,
    joined_statement,
    left_statement,
)
from commands.message import Command, handles
from commands.standing import note_standing
from commands.work import Work
from domain.errors import Invalid
from domain.group import Group
from domain.group_grants import GroupGrants
from domain.identity import group_grants_id
from domain.learner import Learner
from domain.roles import Role


class CreateGroup(Command, frozen=True):
    display_name: str
    external_id: str | None = None
    members: list[UUID] = []


class ReplaceGroup(Command, frozen=True):
    """All that the directory says now of a group."""

    group_id: UUID
    display_name: str
    external_id: str | None = None
    members: list[UUID] = []


class ChangeGroupMembers(Command, frozen=True):
    group_id: UUID
    add: list[UUID] = []
    remove: list[UUID] = []


class DeleteGroup(Command, frozen=True):
    group_id: UUID


class MapGroupRoles(Command, frozen=True):
    """Members hold these roles as long as they are members."""

    group_id: UUID
    roles: list[Role]
    reason: str | None = None


class ApplyGroupRoles(Command, frozen=True):
    """Give somebody the roles that a group gives, or take them away: whatever holds now."""

    group_id: UUID
    learner_id: UUID


@handles(CreateGroup)
def create_group(command: CreateGroup, work: Work) -> Group:
    work.permit_anyone()
    group = Group.create(
        id=work.new_id(),
        display_name=command.display_name,
        external_id=command.external_id,
        at=work.now,
    )
    _add(group, command.members, work)
    _note_members(group, work)
    return group


@handles(ReplaceGroup)
def replace_group(command: ReplaceGroup, work: Work) -> Group:
    work.permit_anyone()
    group = _existing(command.group_id, work)
    group.rename(display_name=command.display_name, at=work.now)
    group.change_external_id(external_id=command.external_id, at=work.now)
    group.remove_members(members=group.members - set(command.members), at=work.now)
    _add(group, command.members, work)
    _note_members(group, work)
    return group


@handles(ChangeGroupMembers)
def change_group_members(command: ChangeGroupMembers, work: Work) -> Group:
    work.permit_anyone()
    group = _existing(command.group_id, work)
    group.remove_members(members=command.remove, at=work.now)
    _add(group, command.add, work)
    _note_members(group, work)
    return group


@handles(DeleteGroup)
def delete_group(command: DeleteGroup, work: Work) -> Group:
    work.permit_anyone()
    group = _existing(command.group_id, work)
    group.delete(at=work.now)
    _note_members(group, work)
    return group


@handles(MapGroupRoles)
def map_group_roles(command: MapGroupRoles, work: Work) -> Group:
    work.permit_anyone()
    group = _existing(command.group_id, work)
    group.map_roles(roles=command.roles, reason=command.reason, at=work.now)
    return group


@handles(ApplyGroupRoles)
def apply_group_roles(command: ApplyGroupRoles, work: Work) -> Learner:
    work.permit_anyone()
    learner = work.get(Learner, command.learner_id)
    group = work.latest(Group, command.group_id)
    grants = work.find(GroupGrants, group_grants_id(learner.id))
    if grants is None:
        grants = GroupGrants.open(learner_id=learner.id, at=work.now)
    roles = grants.follow(
        group_id=group.id, roles=group.roles_of(learner.id), held=learner.roles, at=work.now
    )
    learner.follow_roles(roles=roles, reason=f"Group {group.display_name}", at=work.now)
    work.save_too(grants)
    note_standing(learner, work)
    return learner


def leave_all_groups(learner_id: UUID, work: Work) -> None:
    """Takes somebody out of every group, in the transaction of what ends their being anywhere.

    Whoever puts them into one at this moment is refused, or this is decided again.
    """
    for row in work.ask(GROUPS_OF, (learner_id,)):
        group = work.find(Group, row["group_id"])
        if group is not None and learner_id in group.members:
            group.remove_members(members=[learner_id], at=work.now)
            _note_members(group, work)
            work.save_too(group)
    work.execute_too(*departed_statement(learner_id))


def _existing(group_id: UUID, work: Work) -> Group:
    group = work.get(Group, group_id)
    group.must_exist()
    return group


def _add(group: Group, members: Iterable[UUID], work: Work) -> None:
    for member in set(members) - group.members:
        if work.existing(Learner, member, field="members").deprovisioned:
            raise Invalid("There is no such learner.", field="members")
    group.add_members(members=members, at=work.now)


def _note_members(group: Group, work: Work) -> None:
    """Writes beside the log what the new events say of members."""
    for event in group.pending_events:
        if isinstance(event, Group.MembersAdded):
            work.execute_too(*joined_statement(group.id, event.members))
        elif isinstance(event, Group.MembersRemoved):
            work.execute_too(*left_statement(group.id, event.members))
