"""Members of large groups come and go one by one; who leaves the directory leaves every group."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
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
from commands.erasure import ApproveErasure, EraseLearner
from commands.group import (
    ApplyGroupRoles,
    ChangeGroupMembers,
    CreateGroup,
    DeleteGroup,
    MapGroupRoles,
    ReplaceGroup,
)
from commands.learner import ReactivateLearner
from commands.provisioning import DeprovisionUser, ProvisionUser
from domain.erasure import LegalBasis
from domain.errors import Invalid
from domain.group import Group
from domain.learner import Learner
from domain.roles import Role
from edge.scim.service import DirectoryService
from tests.commands.system import ADMIN, NOW, System
from tests.servers.postgres import Database
from write_api.scim.controller import permits
from write_api.scim.members import DirectoryHandler, members_changed
from write_api.scim.storage import DirectoryWriter

FOLDER = Path(migrations.__file__).parent
MIGRATION = FOLDER / "0027_memberships.sql"
MEMBERS = FOLDER / "0032_members.sql"
SERVICE = DirectoryService("http://lms.example", permits, secret=bytes(32))
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ANOTHER_ADMIN = msgspec.structs.replace(ADMIN, id=uuid4())
Append = Callable[..., int | None]
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


class Lock:
    """A lock in the database that a transaction can be made to wait for."""

    NUMBER = 4_711
    statement = ("SELECT pg_advisory_xact_lock(%s)", (NUMBER,))

    def __init__(self, owner: "psycopg.Connection[Any]") -> None:
        self._owner = owner
        owner.execute("SELECT pg_advisory_lock(%s)", (self.NUMBER,))

    def until_waiting(self, many: int) -> None:
        """Returns once so many transactions wait for something."""
        limit = time.monotonic() + 10
        while self._waiting() < many:
            assert time.monotonic() < limit, f"{many} never waited"

    def release(self) -> None:
        self._owner.execute("SELECT pg_advisory_unlock(%s)", (self.NUMBER,))

    def _waiting(self) -> int:
        row = self._owner.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND datname = current_database()"
        ).fetchone()
        assert row is not None
        return int(row[0])


@pytest.fixture
def database_lock(shared_database: Database) -> Iterator[Lock]:
    with psycopg.connect(shared_database.owner_url, autocommit=True) as owner:
        yield Lock(owner)


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


class Meanwhile:
    """Lets something else happen between the decision of a process and its first append."""

    def __init__(self, append: Append, happens: Callable[[], object]) -> None:
        self._append, self._happens, self._first = append, happens, True

    def __call__(self, *args: Any, **kwargs: Any) -> int | None:
        if self._first:
            self._first = False
            self._happens()
        return self._append(*args, **kwargs)


def erased(system: System, id: UUID) -> None:
    wish = system.dispatch(EraseLearner(learner_id=id, legal_basis=LegalBasis.CONSENT_WITHDRAWN))
    system.dispatch(ApproveErasure(erasure_id=wish.id), ANOTHER_ADMIN)


LEAVING: dict[str, Callable[[System, UUID], object]] = {
    "by the directory": lambda system, id: system.dispatch(DeprovisionUser(learner_id=id)),
    "erased": erased,
}


def is_nowhere(system: System, learner: UUID, *groups: UUID) -> None:
    for group in groups:
        assert learner not in group_of(system, group).members
        assert learner not in rows(system, group)


@pytest.mark.parametrize("leaves", LEAVING)
def test_nobody_joins_who_has_left_since_it_was_looked(
    system: System, another_process: System, monkeypatch: pytest.MonkeyPatch, leaves: str
) -> None:
    leaver, group = a_user(system), a_group(system)
    leave = Meanwhile(system.log.append, lambda: LEAVING[leaves](another_process, leaver))
    monkeypatch.setattr(system.log, "append", leave)
    system.when(ChangeGroupMembers(group_id=group, add=[leaver])).refuses(Invalid, "members")
    is_nowhere(system, leaver, group)


@pytest.mark.parametrize("leaves", LEAVING)
def test_who_leaves_leaves_the_group_too_that_was_joined_since_it_was_looked(
    system: System, another_process: System, monkeypatch: pytest.MonkeyPatch, leaves: str
) -> None:
    leaver = a_user(system)
    known, other = a_group(system, leaver), a_group(system)
    join = ChangeGroupMembers(group_id=other, add=[leaver])
    joined = Meanwhile(system.log.append, lambda: another_process.dispatch(join))
    monkeypatch.setattr(system.log, "append", joined)
    LEAVING[leaves](system, leaver)
    is_nowhere(system, leaver, known, other)


def test_joining_and_leaving_in_two_transactions_at_once(
    system: System, another_process: System, monkeypatch: pytest.MonkeyPatch, database_lock: Lock
) -> None:
    """The one that joins has written its row, and waits; the one that leaves waits for it."""
    leaver, group = a_user(system), a_group(system)
    append = system.log.append

    def held(*args: Any, also: list[Any], **kwargs: Any) -> int | None:
        return append(*args, also=[*also, database_lock.statement], **kwargs)

    monkeypatch.setattr(system.log, "append", held)
    join = ChangeGroupMembers(group_id=group, add=[leaver])
    with ThreadPoolExecutor(2) as pool:
        try:
            joining = pool.submit(system.dispatch, join)
            database_lock.until_waiting(1)
            leaving = pool.submit(another_process.dispatch, DeprovisionUser(learner_id=leaver))
            database_lock.until_waiting(2)
        finally:
            database_lock.release()
        joining.result(10)
        leaving.result(10)
    is_nowhere(system, leaver, group)


def test_who_is_back_may_join_again(system: System) -> None:
    leaver, group = a_user(system), a_group(system)
    system.dispatch(DeprovisionUser(learner_id=leaver))
    system.when(ChangeGroupMembers(group_id=group, add=[leaver])).refuses(Invalid, "members")
    system.dispatch(ReactivateLearner(learner_id=leaver))
    system.dispatch(ChangeGroupMembers(group_id=group, add=[leaver]))
    assert rows(system, group) == {leaver}


def test_the_migration_finds_who_may_join(database: Database) -> None:
    system = System(database)
    member, left, back, gone = (a_user(system) for _ in range(4))
    a_group(system, member, left)
    for id in (left, back):
        system.dispatch(DeprovisionUser(learner_id=id))
    system.dispatch(ReactivateLearner(learner_id=back))
    erased(system, gone)
    system.close()
    query = MEMBERS.read_text().partition("access.members (learner_id, may_join)\n")[2]
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("CREATE TEMP TABLE found (LIKE access.members INCLUDING ALL)")
        owner.execute(f"INSERT INTO found {query.partition(';')[0]}".encode())
        found = set(owner.execute("SELECT learner_id, may_join FROM found"))
    assert found == {(left, False), (gone, False)}
