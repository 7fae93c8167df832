"""People whom a company's directory keeps together; being in a group may give roles."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final
from uuid import UUID

from domain import text
from domain.aggregate import Aggregate, event
from domain.errors import Conflict, Invalid, NotFound
from domain.roles import Role

MEMBERS_IN_AN_EVENT: Final = 1_000
"""An event must stay small enough to travel."""
LARGEST_WITH_NEW_ROLES: Final = 10_000


class GroupTooLarge(Conflict):
    code = "group-too-large"


class GroupDeleted(NotFound):
    code = "not-found"


class Group(Aggregate):
    STREAM_TYPE = "group"
    SNAPSHOT_EVERY = 100

    display_name: str
    external_id: str | None
    members: set[UUID]
    roles: list[Role]
    deleted: bool

    class Created(Aggregate.Created):
        TOPIC = "group.created"
        display_name: str
        external_id: str | None

    class Renamed(Aggregate.Event):
        TOPIC = "group.renamed"
        display_name: str

    class ExternalIdChanged(Aggregate.Event):
        TOPIC = "group.external_id_changed"
        external_id: str | None

    class MembersAdded(Aggregate.Event):
        """`roles` are those that being a member gave at that time."""

        TOPIC = "group.members_added"
        members: list[UUID]
        roles: list[Role]

    class MembersRemoved(Aggregate.Event):
        """`roles` are those that being a member gave until then."""

        TOPIC = "group.members_removed"
        members: list[UUID]
        roles: list[Role]

    class RolesMapped(Aggregate.Event):
        """From now on being a member gives these roles, and no others; `members` are those now."""

        TOPIC = "group.roles_mapped"
        roles: list[Role]
        members: list[UUID]
        reason: str | None

    class Deleted(Aggregate.Event):
        TOPIC = "group.deleted"

    def __init__(self, display_name: str, external_id: str | None) -> None:
        self.display_name = display_name
        self.external_id = external_id
        self.members = set()
        self.roles = []
        self.deleted = False

    @classmethod
    def create(
        cls, *, id: UUID, display_name: str, external_id: str | None, at: datetime
    ) -> "Group":
        return cls._create(
            cls.Created,
            id=id,
            timestamp=at,
            display_name=_display_name(display_name),
            external_id=_external_id(external_id),
        )

    def rename(self, *, display_name: str, at: datetime) -> None:
        self.must_exist()
        display_name = _display_name(display_name)
        if display_name != self.display_name:
            self.trigger_event(self.Renamed, timestamp=at, display_name=display_name)

    def change_external_id(self, *, external_id: str | None, at: datetime) -> None:
        self.must_exist()
        external_id = _external_id(external_id)
        if external_id != self.external_id:
            self.trigger_event(self.ExternalIdChanged, timestamp=at, external_id=external_id)

    def add_members(self, *, members: Iterable[UUID], at: datetime) -> None:
        self.must_exist()
        for part in _parts(set(members) - self.members):
            self.trigger_event(self.MembersAdded, timestamp=at, members=part, roles=self.roles)

    def remove_members(self, *, members: Iterable[UUID], at: datetime) -> None:
        self.must_exist()
        for part in _parts(set(members) & self.members):
            self.trigger_event(self.MembersRemoved, timestamp=at, members=part, roles=self.roles)

    def map_roles(self, *, roles: list[Role], reason: str | None, at: datetime) -> None:
        self.must_exist()
        if Role.SYSTEM in roles:
            raise Invalid("The role 'system' can't be granted.", field="roles")
        if Role.DEPARTMENT_ADMIN in roles:
            raise Invalid("A department admin is made one for some departments.", field="roles")
        roles = sorted(set(roles))
        if roles == self.roles:
            return
        if len(self.members) > LARGEST_WITH_NEW_ROLES:
            raise GroupTooLarge(
                f"Roles can't be mapped to a group of more than {LARGEST_WITH_NEW_ROLES} people."
            )
        self.trigger_event(
            self.RolesMapped,
            timestamp=at,
            roles=roles,
            members=sorted(self.members),
            reason=text.optional(reason, "reason", 1_000),
        )

    def delete(self, *, at: datetime) -> None:
        self.remove_members(members=set(self.members), at=at)
        self.trigger_event(self.Deleted, timestamp=at)

    def must_exist(self) -> None:
        if self.deleted:
            raise GroupDeleted("There is no such group.")

    def roles_of(self, learner_id: UUID) -> list[Role]:
        """The roles that this group gives to somebody now."""
        return self.roles if learner_id in self.members else []

    @event(Renamed)
    def _renamed(self, display_name: str) -> None:
        self.display_name = display_name

    @event(ExternalIdChanged)
    def _external_id_changed(self, external_id: str | None) -> None:
        self.external_id = external_id

    @event(MembersAdded)
    def _members_added(self, members: list[UUID]) -> None:
        self.members.update(members)

    @event(MembersRemoved)
    def _members_removed(self, members: list[UUID]) -> None:
        self.members.difference_update(members)

    @event(RolesMapped)
    def _roles_mapped(self, roles: list[Role]) -> None:
        self.roles = roles

    @event(Deleted)
    def _deleted(self) -> None:
        self.deleted = True


def _parts(members: set[UUID]) -> Iterator[list[UUID]]:
    ordered = sorted(members)
    for start in range(0, len(ordered), MEMBERS_IN_AN_EVENT):
        yield ordered[start : start + MEMBERS_IN_AN_EVENT]


def _display_name(name: str) -> str:
    return text.required(name, "display_name", 300)


def _external_id(external_id: str | None) -> str | None:
    return text.optional(external_id, "external_id", 255)
