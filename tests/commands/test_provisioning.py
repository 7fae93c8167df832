"""What directories and groups do to accounts: departments, managers, and what one may at once."""

from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from access.actor import SYSTEM, Actor
from commands.group import (
    ApplyGroupRoles,
    ChangeGroupMembers,
    CreateGroup,
    MapGroupRoles,
    ReplaceGroup,
)
from commands.learner import ChangeRoles, UpdateLearner
from commands.message import Command
from commands.organization import AddDepartment, RemoveDepartment, RenameDepartment
from commands.provisioning import DeprovisionUser, ProvisionUser, ReplaceProvisionedUser
from commands.step_up import StepUpRequired
from commands.user_import import ImportUsers
from domain.errors import Forbidden, Invalid
from domain.learner import Learner
from domain.organization import DepartmentNotEmpty
from domain.reporting_lines import ReportingLines
from domain.roles import Role
from tests.commands.system import ADMIN, Given, Person, System

WITHOUT_PROOF = msgspec.structs.replace(ADMIN, authenticated_at=None)
ROLES_FILE = "username,email,roles\nann,ann@example.com,admin\n"


def a_program(*operations: str) -> Actor:
    """A service account's token, good for these alone; for all when none is named."""
    return Actor(
        uuid4(),
        frozenset({Role.ADMIN}),
        operations=frozenset(operations) if operations else None,
        is_service=True,
    )


def new(**more: Any) -> ProvisionUser:
    name = uuid4().hex
    said = {"username": name, "email": f"{name}@example.com", "full_name": "Jane Doe"}
    return ProvisionUser(**{**said, **more})


class Directory:
    """Sends commands as a directory does, and looks at what they led to."""

    def __init__(self, system: System) -> None:
        self.system = system

    def has(self, **more: Any) -> Learner:
        return self.person(self.system.dispatch(new(**more)).id)

    def person(self, id: UUID) -> Learner:
        found = self.system.log.find_latest(Learner, id)
        assert found is not None
        return found

    def says(self, learner: Learner, **more: Any) -> ReplaceProvisionedUser:
        """All that it said before, but for this."""
        said = msgspec.structs.asdict(learner.directory_entry)
        return ReplaceProvisionedUser(learner_id=learner.id, **{**said, **more})

    def changes(self, learner: Learner, **more: Any) -> Learner:
        self.system.dispatch(self.says(learner, **more))
        return self.person(learner.id)

    def standing(self, id: UUID) -> tuple[set[str], bool] | None:
        with self.system.pool.connection() as connection:
            row = connection.execute(
                "SELECT roles, active FROM access.standing WHERE learner_id = %s", (id,)
            ).fetchone()
        return (set(row[0]), row[1]) if row else None


@pytest.fixture
def directory(system: System) -> Directory:
    return Directory(system)


@pytest.fixture
def tools(system: System) -> tuple[str, UUID]:
    """A department, and what it is called."""
    name = f"Tools {uuid4().hex}"
    return name, system.dispatch(AddDepartment(name=name)).id


@pytest.fixture
def auditors(system: System) -> UUID:
    """A group whose members are auditors."""
    group = system.dispatch(CreateGroup(display_name="Auditors")).id
    system.dispatch(MapGroupRoles(group_id=group, roles=[Role.AUDITOR]))
    return group


def test_a_department_of_the_tree_is_found_by_its_name(
    directory: Directory, tools: tuple[str, UUID]
) -> None:
    name, id = tools
    learner = directory.has(department=name.upper())
    assert (learner.department, learner.department_id) == (name, id)
    directory.system.when(RemoveDepartment(department_id=id)).refuses(DepartmentNotEmpty)


def test_a_department_that_the_tree_does_not_have_stays_a_name(
    directory: Directory, tools: tuple[str, UUID]
) -> None:
    learner = directory.has(department="Elsewhere")
    assert (learner.department, learner.department_id) == ("Elsewhere", None)
    learner = directory.changes(learner, department=tools[0])
    assert (learner.department, learner.department_id) == tools
    learner = directory.changes(learner, department="Elsewhere")
    assert (learner.department, learner.department_id) == ("Elsewhere", None)
    learner = directory.changes(learner, department=None)
    assert (learner.department, learner.department_id) == (None, None)
    directory.system.dispatch(RemoveDepartment(department_id=tools[1]))


def test_a_name_that_several_departments_have_stays_a_name(
    directory: Directory, given: Given
) -> None:
    name = uuid4().hex
    for parent in (given.a_department(), given.a_department()):
        directory.system.dispatch(AddDepartment(name=name, parent_id=parent))
    assert directory.has(department=name).department_id is None


def test_who_says_the_same_as_before_moves_nobody(
    directory: Directory, tools: tuple[str, UUID]
) -> None:
    name, id = tools
    learner = directory.has(department=name)
    directory.system.dispatch(RenameDepartment(department_id=id, name=uuid4().hex))
    directory.system.dispatch(AddDepartment(name=name))
    learner = directory.changes(learner, job_role="Smith")
    assert (learner.department, learner.department_id) == (name, id)


def test_a_deactivated_account_keeps_no_department(
    directory: Directory, tools: tuple[str, UUID]
) -> None:
    name, id = tools
    learner = directory.has(department=name)
    directory.changes(learner, active=False)
    directory.system.dispatch(RemoveDepartment(department_id=id))
    learner = directory.changes(learner, active=True)
    assert (learner.active, learner.department, learner.department_id) == (True, name, None)


def test_nobody_reports_to_their_own_report(directory: Directory) -> None:
    boss = directory.has()
    report = directory.has(manager_id=boss.id)
    directory.system.when(directory.says(boss, manager_id=report.id)).refuses(Invalid, "manager_id")


def test_a_new_manager_is_put_into_an_order_with_all_others(directory: Directory) -> None:
    boss, learner = directory.has(), directory.has()
    directory.changes(directory.has(), manager_id=boss.id)  # from now on there are lines
    outcome = directory.system.when(directory.says(learner, manager_id=boss.id))
    outcome.then(Learner.Provisioned, ReportingLines.Changed)
    again = directory.system.when(directory.says(directory.person(learner.id)))
    again.then()


def test_who_is_deactivated_stands_no_more(directory: Directory) -> None:
    learner = directory.has()
    assert directory.standing(learner.id) is None, "nobody has a token yet"
    directory.changes(learner, active=False)
    assert directory.standing(learner.id) == ({"employee"}, False)
    directory.changes(learner, active=True)
    assert directory.standing(learner.id) == ({"employee"}, True)
    directory.system.dispatch(DeprovisionUser(learner_id=learner.id))
    assert directory.standing(learner.id) == ({"employee"}, False)
    back = new(username=learner.username, email=learner.email)
    assert directory.system.dispatch(back).id == learner.id
    assert directory.standing(learner.id) == ({"employee"}, True)


def test_who_is_back_but_not_active_is_in_the_directory(directory: Directory) -> None:
    learner = directory.has()
    directory.system.dispatch(DeprovisionUser(learner_id=learner.id))
    directory.system.dispatch(new(username=learner.username, email=learner.email, active=False))
    learner = directory.person(learner.id)
    assert (learner.active, learner.deprovisioned) == (False, False)
    assert directory.standing(learner.id) == ({"employee"}, False)


def test_roles_of_a_group_are_what_one_stands_in(directory: Directory, auditors: UUID) -> None:
    learner = directory.has()
    apply = ApplyGroupRoles(group_id=auditors, learner_id=learner.id)
    members = ChangeGroupMembers(group_id=auditors, add=[learner.id])
    directory.system.dispatch(members)
    directory.system.dispatch(apply, SYSTEM)
    assert directory.standing(learner.id) == ({"auditor", "employee"}, True)
    directory.system.dispatch(ChangeGroupMembers(group_id=auditors, remove=[learner.id]))
    directory.system.dispatch(apply, SYSTEM)
    assert directory.standing(learner.id) == ({"employee"}, True)


def test_a_group_leaves_department_admins_their_departments(
    directory: Directory, given: Given, auditors: UUID
) -> None:
    department = given.a_department()
    admin = given.a_department_admin(department)
    directory.system.dispatch(ChangeGroupMembers(group_id=auditors, add=[admin.id]))
    directory.system.dispatch(ApplyGroupRoles(group_id=auditors, learner_id=admin.id), SYSTEM)
    learner = directory.person(admin.id)
    assert set(learner.roles) == {Role.EMPLOYEE, Role.DEPARTMENT_ADMIN, Role.AUDITOR}
    assert learner.administers == [department]


def test_a_group_makes_nobody_a_department_admin(system: System, auditors: UUID) -> None:
    mapping = MapGroupRoles(group_id=auditors, roles=[Role.DEPARTMENT_ADMIN])
    system.when(mapping).refuses(Invalid, "roles")


def test_what_an_admin_clears_the_directory_can_say_again(
    directory: Directory, tools: tuple[str, UUID]
) -> None:
    learner = directory.has(department=tools[0])
    directory.system.dispatch(UpdateLearner(learner_id=learner.id, department_id=None))
    assert directory.person(learner.id).department is None
    learner = directory.changes(learner, department=tools[0])
    assert (learner.department, learner.department_id) == tools


def power_giving(group: UUID, learner: UUID) -> list[Command]:
    return [
        MapGroupRoles(group_id=group, roles=[Role.ADMIN]),
        ChangeGroupMembers(group_id=group, add=[learner]),
        ReplaceGroup(group_id=group, display_name="Mine", members=[learner]),
        ImportUsers(content=ROLES_FILE),
    ]


def test_what_gives_power_asks_for_a_fresh_proof(
    system: System, auditors: UUID, a_stranger: Person
) -> None:
    for command in power_giving(auditors, a_stranger.id):
        system.when(command, WITHOUT_PROOF).refuses(StepUpRequired)


def test_what_gives_no_power_asks_for_none(
    system: System, directory: Directory, a_stranger: Person
) -> None:
    group = system.dispatch(CreateGroup(display_name="Friends"), WITHOUT_PROOF).id
    members = ChangeGroupMembers(group_id=group, add=[a_stranger.id])
    assert system.when(members, WITHOUT_PROOF).refusal is None
    dry = ImportUsers(content=ROLES_FILE, dry_run=True)
    assert system.when(dry, WITHOUT_PROOF).refusal is None
    plain = ImportUsers(content="username,email\nann,ann@example.com\n")
    assert system.when(plain, WITHOUT_PROOF).refusal is None
    assert system.when(new(), WITHOUT_PROOF).refusal is None


def test_a_program_needs_what_gives_power_among_its_scopes(
    system: System, auditors: UUID, a_stranger: Person
) -> None:
    for command in power_giving(auditors, a_stranger.id):
        system.when(command, a_program()).refuses(Forbidden)
        named = a_program(type(command).__name__)
        assert system.when(command, named).refusal is None
    assert system.when(new(), a_program()).refusal is None
    system.when(new(), a_program("CreateGroup")).refuses(Forbidden)


def test_only_administrators_give_roles_by_groups_and_files(
    system: System, given: Given, auditors: UUID
) -> None:
    admin = given.a_department_admin(given.a_department())
    for command in power_giving(auditors, admin.id):
        system.when(command, admin.actor).refuses(Forbidden)
    system.when(ChangeRoles(learner_id=admin.id, roles=[Role.ADMIN]), admin.actor).refuses(
        Forbidden
    )
