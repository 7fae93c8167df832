"""Whoever is in a group that gives roles holds them, and holds them no more when they leave."""

from collections.abc import Iterable

from commands.group import ApplyGroupRoles
from commands.message import Command
from domain.group import Group
from event_store.record import Record
from policies.policy import Policy, on


class GroupRoles(Policy):
    name = "group roles"

    @on(Group.MembersAdded, Group.MembersRemoved)
    def members_changed(
        self, event: Group.MembersAdded | Group.MembersRemoved, record: Record
    ) -> Iterable[Command]:
        if event.roles:
            for member in event.members:
                yield ApplyGroupRoles(group_id=record.stream_id, learner_id=member)

    @on(Group.RolesMapped)
    def roles_mapped(self, event: Group.RolesMapped, record: Record) -> Iterable[Command]:
        for member in event.members:
            yield ApplyGroupRoles(group_id=record.stream_id, learner_id=member)
