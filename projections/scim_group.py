"""Read model: groups of the company's directory, and who is in them."""

from collections.abc import Iterable

from domain.group import Group
from domain.identity import canonical
from domain.learner import Learner
from event_store.record import Record
from projections.projection import Projection, Statement, on


class ScimGroupProjection(Projection):
    """Tables `scim_group` and `scim_group_member`."""

    name = "scim_group"
    version = 2

    @on(Group.Created)
    def created(self, event: Group.Created, record: Record) -> Iterable[Statement]:
        yield Statement(
            "INSERT INTO scim_group (id, external_id, display_name, display_name_key, created_at,"
            " updated_at, version) VALUES (%s, %s, %s, %s, %s, %s, %s)",
            (
                record.stream_id,
                event.external_id,
                event.display_name,
                canonical(event.display_name),
                event.timestamp,
                event.timestamp,
                record.version,
            ),
        )

    @on(Group.Renamed)
    def renamed(self, event: Group.Renamed, record: Record) -> Iterable[Statement]:
        yield Statement(
            "UPDATE scim_group SET display_name = %s, display_name_key = %s, updated_at = %s,"
            " version = %s WHERE id = %s",
            (
                event.display_name,
                canonical(event.display_name),
                event.timestamp,
                record.version,
                record.stream_id,
            ),
        )

    @on(Group.ExternalIdChanged)
    def external_id_changed(
        self, event: Group.ExternalIdChanged, record: Record
    ) -> Iterable[Statement]:
        yield Statement(
            "UPDATE scim_group SET external_id = %s, updated_at = %s, version = %s WHERE id = %s",
            (event.external_id, event.timestamp, record.version, record.stream_id),
        )

    @on(Group.MembersAdded)
    def members_added(self, event: Group.MembersAdded, record: Record) -> Iterable[Statement]:
        yield Statement(
            "INSERT INTO scim_group_member (group_id, learner_id) SELECT %s, unnest(%s::uuid[])",
            (record.stream_id, event.members),
        )
        yield self._touched(event, record)

    @on(Group.MembersRemoved)
    def members_removed(self, event: Group.MembersRemoved, record: Record) -> Iterable[Statement]:
        yield Statement(
            "DELETE FROM scim_group_member WHERE group_id = %s AND learner_id = ANY(%s)",
            (record.stream_id, event.members),
        )
        yield self._touched(event, record)

    @on(Learner.Erased)
    def erased(self, _: Learner.Erased, record: Record) -> Iterable[Statement]:
        yield Statement("DELETE FROM scim_group_member WHERE learner_id = %s", (record.stream_id,))

    @on(Group.RolesMapped)
    def roles_mapped(self, event: Group.RolesMapped, record: Record) -> Iterable[Statement]:
        yield Statement(
            "UPDATE scim_group SET roles = %s, updated_at = %s, version = %s WHERE id = %s",
            (event.roles, event.timestamp, record.version, record.stream_id),
        )

    @on(Group.Deleted)
    def deleted(self, _: Group.Deleted, record: Record) -> Iterable[Statement]:
        yield Statement("DELETE FROM scim_group_member WHERE group_id = %s", (record.stream_id,))
        yield Statement("DELETE FROM scim_group WHERE id = %s", (record.stream_id,))

    @staticmethod
    def _touched(event: Group.MembersAdded | Group.MembersRemoved, record: Record) -> Statement:
        return Statement(
            "UPDATE scim_group SET updated_at = %s, version = %s WHERE id = %s",
            (event.timestamp, record.version, record.stream_id),
        )
