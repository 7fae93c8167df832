"""An index stream: the roles that groups have given to one person."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from domain.aggregate import Aggregate, event
from domain.identity import group_grants_id
from domain.roles import Role


class GroupGrants(Aggregate):
    """Tells the roles that a person has from groups from those granted by hand, which stay."""

    STREAM_TYPE = "group_grants"

    learner_id: UUID
    by_group: dict[UUID, list[Role]]
    granted: list[Role]

    class Opened(Aggregate.Created):
        TOPIC = "group_grants.opened"
        learner_id: UUID

    class Changed(Aggregate.Event):
        """`roles` are what the group gives now; `granted` what all groups together have added."""

        TOPIC = "group_grants.changed"
        group_id: UUID
        roles: list[Role]
        granted: list[Role]

    def __init__(self, learner_id: UUID) -> None:
        self.learner_id = learner_id
        self.by_group = {}
        self.granted = []

    @classmethod
    def open(cls, *, learner_id: UUID, at: datetime) -> "GroupGrants":
        return cls._create(
            cls.Opened, id=group_grants_id(learner_id), timestamp=at, learner_id=learner_id
        )

    def follow(
        self, *, group_id: UUID, roles: list[Role], held: Iterable[Role], at: datetime
    ) -> list[Role]:
        """Notes what a group gives now; answers what somebody who holds `held` is to hold."""
        others = [given for group, given in self.by_group.items() if group != group_id]
        wanted = {role for given in [*others, roles] for role in given}
        before, added = set(held), set(self.granted)
        granted = sorted((added & wanted) | (wanted - before))
        if roles != self.by_group.get(group_id, []) or granted != self.granted:
            self.trigger_event(
                self.Changed, timestamp=at, group_id=group_id, roles=roles, granted=granted
            )
        return sorted((before - (added - wanted)) | wanted) or [Role.EMPLOYEE]

    @event(Changed)
    def _changed(self, group_id: UUID, roles: list[Role], granted: list[Role]) -> None:
        self.granted = granted
        if roles:
            self.by_group[group_id] = roles
        else:
            self.by_group.pop(group_id, None)
