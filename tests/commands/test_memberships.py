"""Members of large groups come and go one by one; who leaves the directory leaves every group."""

from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import psycopg
import pytest
from scim2_models import PatchOp
from scim2_server.requests import ScimRequest

import migrations
from access.actor import SYSTEM
from commands.context import Context
from commands.group import (
    ApplyGroupRoles,
    ChangeGroupMembers,
    CreateGroup,
    DeleteGroup,
    MapGroupRoles,
    ReplaceGroup,
)
from commands.provisioning import DeprovisionUser, ProvisionUser
from domain.group import Group
from domain.learner import Learner
from domain.roles import Role
from edge.scim.service import DirectoryService
from tests.commands.system import ADMIN, NOW, System
from tests.servers.postgres import Database
from write_api.scim.controller import permits
from write_api.scim.members import DirectoryHandler, members_changed
from write_api.scim.storage import DirectoryWriter

MIGRATION = Path(migrations.__file__).parent / "0027_memberships.sql"
SERVICE = DirectoryService("http://lms.example", permits, secret=bytes(32))
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ONE, OTHER = (str(uuid4()) for _ in range(2))


def a_user(system: System) -> UUID:
    name = uuid4().hex
    email = f"{name}@example.com"
    return system.dispatch(ProvisionUser(username=name, email=email, full_name="Jane Doe")).id


def a_group(system: System, *members: UUID) -> UUID:
    return system.dispatch(CreateGroup(display_name="Friends", members=list(members))).id


def group_of(system: System, id: UUID) -> Group:
    found = system.log.find_latest(Group, id)
    assert found is not None
    return found


def rows(system: System, group: UUID) -> set[UUID]:
    """What stands beside the log."""
    with system.pool.connection() as connection:
        found = connection.execute(
            "SELECT learner_id FROM access.memberships WHERE group_id = %s", (group,)
        )
        return {row[0] for row in found.fetchall()}


def body(*operations: dict[str, Any]) -> bytes:
    return msgspec.json.encode({"schemas": [PATCH_OP], "Operations": operations})


def read(*operations: dict[str, Any]) -> "PatchOp[Any]":
    groups = SERVICE.get_resource_type_by_endpoint("Groups")
    assert groups is not None
    with SERVICE.provider:
        return SERVICE.read_patch(groups, body(*operations), "application/scim+json")


def value(*ids: str) -> list[dict[str, str]]:
    return [{"value": id} for id in ids]


def patched(system: System, group: UUID, *operations: dict[str, Any]) -> set[str]:
    """Sends a PATCH, and tells by which commands it was carried out."""
    context = Context(actor=ADMIN, now=NOW, correlation_id=uuid4(), command_id=uuid4())
    writer = DirectoryWriter(system.log, system.dispatcher, context, SERVICE)
    asked = ScimRequest(
        method="PATCH",
        base_url=SERVICE.base_url,
        path=f"/Groups/{group}",
        query={},
        headers=[("Content-Type", "application/scim+json")],
        body=body(*operations),
        subject=ADMIN,
    )
    answer = DirectoryHandler(SERVICE, writer, one_by_one=True).handle(asked)
    assert answer.status == 204
    with system.pool.connection() as connection:
        found = connection.execute(
            "SELECT metadata ->> 'command' FROM event_store.events"
            " WHERE metadata ->> 'correlation_id' = %s",
            (str(context.correlation_id),),
        )
        return {row[0] for row in found.fetchall()}


@pytest.mark.parametrize(
    ("operations", "change"),
    [
        ([{"op": "add", "path": "members", "value": value(ONE, OTHER)}], {ONE: True, OTHER: True}),
        ([{"op": "Add", "path": "Members", "value": {"value": ONE}}], {ONE: True}),
        ([{"op": "remove", "path": f'members[value eq "{ONE}"]'}], {ONE: False}),
        ([{"op": "Remove", "path": "members", "value": value(ONE)}], {ONE: False}),
        (
            [
                {"op": "add", "path": "members", "value": value(ONE)},
                {"op": "remove", "path": f'members[value eq "{ONE}"]'},
            ],
            {ONE: False},
        ),
        ([{"op": "remove", "path": "members"}], None),
        ([{"op": "replace", "path": "members", "value": value(ONE)}], None),
        ([{"op": "add", "value": {"members": value(ONE)}}], None),
        ([{"op": "add", "path": "members", "value": value("nobody")}], None),
        ([{"op": "remove", "path": f'members[value ne "{ONE}"]'}], None),
        ([{"op": "remove", "path": f'members[display eq "{ONE}"]'}], None),
        ([{"op": "remove", "path": f'members[value eq "{ONE}"].type'}], None),
        (
            [
                {"op": "add", "path": "members", "value": value(ONE)},
                {"op": "replace", "path": "displayName", "value": "Others"},
            ],
            None,
        ),
    ],
)
def test_what_names_only_members_is_understood_without_the_group(
    operations: list[dict[str, Any]], change: dict[str, bool] | None
) -> None:
    found = members_changed(read(*operations))
    assert found == (None if change is None else {UUID(id): it for id, it in change.items()})


def test_one_of_many_comes_and_goes_by_a_command_about_them(system: System) -> None:
    many = [a_user(system) for _ in range(12)]
    group = a_group(system, *many[:10])
    added = {"op": "add", "path": "members", "value": value(str(many[10]), str(many[11]))}
    assert patched(system, group, added) == {"ChangeGroupMembers"}
    assert group_of(system, group).members == rows(system, group) == set(many)
    removed = {"op": "remove", "path": f'members[value eq "{many[0]}"]'}
    assert patched(system, group, removed) == {"ChangeGroupMembers"}
    assert group_of(system, group).members == rows(system, group) == set(many[1:])
    everyone = {"op": "replace", "path": "members", "value": value(str(many[0]))}
    assert patched(system, group, everyone) == {"ReplaceGroup"}
    assert group_of(system, group).members == rows(system, group) == {many[0]}


def test_who_leaves_the_directory_leaves_every_group(system: System) -> None:
    leaver, stays = a_user(system), a_user(system)
    groups = [a_group(system, leaver, stays) for _ in range(3)]
    system.when(DeprovisionUser(learner_id=leaver)).then(
        Learner.Deactivated, Learner.Deprovisioned, *[Group.MembersRemoved] * 3
    )
    for group in groups:
        assert group_of(system, group).members == rows(system, group) == {stays}


def test_who_is_back_is_in_no_group_and_has_none_of_its_roles(system: System) -> None:
    leaver = a_user(system)
    before = system.log.find_latest(Learner, leaver)
    assert before is not None
    group = a_group(system, leaver)
    system.dispatch(MapGroupRoles(group_id=group, roles=[Role.AUDITOR]))
    system.dispatch(ApplyGroupRoles(group_id=group, learner_id=leaver), SYSTEM)
    system.dispatch(DeprovisionUser(learner_id=leaver))
    # What the policy does with the event of the group:
    system.dispatch(ApplyGroupRoles(group_id=group, learner_id=leaver), SYSTEM)
    again = ProvisionUser(username=before.username, email=before.email, full_name=before.full_name)
    assert system.dispatch(again).id == leaver
    back = system.log.find_latest(Learner, leaver)
    assert back is not None
    assert (back.active, back.roles) == (True, [Role.EMPLOYEE])
    assert group_of(system, group).members == set()


def test_the_migration_finds_who_is_in_which_group(database: Database) -> None:
    system = System(database)
    jane, joe, ann = (a_user(system) for _ in range(3))
    kept, emptied, gone = (a_group(system, jane, joe) for _ in range(3))
    system.dispatch(ChangeGroupMembers(group_id=kept, add=[ann], remove=[jane]))
    system.dispatch(ReplaceGroup(group_id=emptied, display_name="Nobody"))
    system.dispatch(ReplaceGroup(group_id=emptied, display_name="Nobody", members=[jane]))
    system.dispatch(DeleteGroup(group_id=gone))
    insert = MIGRATION.read_text().partition("INSERT INTO access.memberships")[2]
    query = insert.partition("\n")[2].partition(";")[0]
    with psycopg.connect(database.owner_url) as owner:
        found = set(owner.execute(query.encode()).fetchall())
        beside = set(owner.execute("SELECT learner_id, group_id FROM access.memberships"))
    assert found == beside == {(joe, kept), (ann, kept), (jane, emptied)}
    system.close()
