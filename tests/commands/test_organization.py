"""Departments, who belongs to them, and who looks after them."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest

from access.actor import Actor
from commands.course import ArchiveCourse, ChangeCourseDetails, CreateCourse
from commands.errors import VersionMismatch
from commands.learner import (
    ChangeRoles,
    DeactivateLearner,
    ReactivateLearner,
    RegisterLearner,
    UpdateLearner,
)
from commands.organization import (
    AddDepartment,
    MoveDepartment,
    RemoveDepartment,
    RenameDepartment,
)
from commands.password_reset import RequestPasswordReset
from domain.course import Course
from domain.errors import Forbidden, Invalid
from domain.identity import organization_id
from domain.learner import Learner
from domain.organization import DepartmentNotEmpty, DepartmentNotFound, Organization
from domain.password_reset import PasswordReset
from domain.roles import Role
from domain.unique_name import UniqueName
from tests.commands.system import Given, Person, System


@pytest.fixture
def sales(given: Given) -> UUID:
    return given.a_department()


@pytest.fixture
def europe(given: Given, sales: UUID) -> UUID:
    """Below `sales`."""
    return given.a_department(below=sales)


@pytest.fixture
def a_seller(given: Given, europe: UUID) -> Person:
    return given.a_person(department=europe)


@pytest.fixture
def head_of_sales(given: Given, sales: UUID) -> Person:
    """Looks after `sales`."""
    return given.a_department_admin(sales)


def learner(system: System, person: Person) -> Learner:
    found = system.log.find_latest(Learner, person.id)
    assert found is not None
    return found


def a_newcomer(department_id: UUID | None, **more: Any) -> RegisterLearner:
    name = uuid4().hex
    return RegisterLearner(
        username=name,
        email=f"{name}@example.com",
        full_name="New Comer",
        department_id=department_id,
        **more,
    )


# The tree


def test_departments_come_move_and_go(system: System, given: Given, sales: UUID) -> None:
    outcome = system.when(AddDepartment(name="Asia", parent_id=sales))
    asia = outcome.id
    outcome.then(Organization.DepartmentAdded)
    rename = system.when(RenameDepartment(department_id=asia, name="APAC"))
    assert rename.then(Organization.DepartmentRenamed).id == asia
    move = MoveDepartment(department_id=asia, parent_id=given.a_department())
    system.when(move).then(Organization.DepartmentMoved)
    system.when(move).then()
    system.when(RemoveDepartment(department_id=asia)).then(Organization.DepartmentRemoved)
    system.when(RemoveDepartment(department_id=asia)).refuses(DepartmentNotFound)


def test_a_change_may_name_the_version_of_the_tree(system: System, sales: UUID) -> None:
    organization = system.log.find_latest(Organization, organization_id())
    assert organization is not None
    rename = RenameDepartment(department_id=sales, name=uuid4().hex)
    system.when(rename, expected_version=organization.version - 1).refuses(VersionMismatch)
    system.when(rename, expected_version=organization.version).then(Organization.DepartmentRenamed)


def test_a_department_with_people_or_courses_stays(
    system: System, given: Given, an_instructor: Person
) -> None:
    department = given.a_department()
    remove = RemoveDepartment(department_id=department)
    person = given.a_person(department=department)
    course = system.dispatch(
        CreateCourse(title="Selling", department_id=department), an_instructor.actor
    ).id
    system.when(remove).refuses(DepartmentNotEmpty)
    system.dispatch(UpdateLearner(learner_id=person.id, department_id=None))
    system.when(remove).refuses(DepartmentNotEmpty)
    system.dispatch(ArchiveCourse(course_id=course))
    system.when(remove).then(Organization.DepartmentRemoved)


def test_who_comes_back_to_a_department_that_is_gone_has_its_name_only(
    system: System, given: Given
) -> None:
    department = given.a_department()
    person = given.a_person(department=department)
    name = learner(system, person).department
    system.dispatch(DeactivateLearner(learner_id=person.id))
    system.dispatch(RemoveDepartment(department_id=department))
    outcome = system.when(ReactivateLearner(learner_id=person.id))
    outcome.then(Learner.Reactivated, Learner.Updated)
    back = learner(system, person)
    assert (back.department_id, back.department) == (None, name)


# Who belongs where


def test_people_refer_to_a_department_or_name_one(
    system: System, a_seller: Person, europe: UUID, sales: UUID
) -> None:
    assert learner(system, a_seller).department_id == europe
    both = UpdateLearner(learner_id=a_seller.id, department="Sales", department_id=sales)
    system.when(both).refuses(Invalid, "department")
    unknown = UpdateLearner(learner_id=a_seller.id, department_id=uuid4())
    system.when(unknown).refuses(Invalid, "department_id")
    system.when(UpdateLearner(learner_id=a_seller.id, department="Other")).then(Learner.Updated)
    found = learner(system, a_seller)
    assert (found.department, found.department_id) == ("Other", None)
    system.when(UpdateLearner(learner_id=a_seller.id, department=None)).then(Learner.Updated)
    assert learner(system, a_seller).department is None


def test_courses_refer_to_a_department_or_name_one(
    system: System, an_instructor: Person, sales: UUID
) -> None:
    by = an_instructor.actor
    course = system.dispatch(CreateCourse(title="Selling", topic="Sales"), by).id
    change = ChangeCourseDetails(course_id=course, department_id=sales, topic=None)
    (event,) = system.when(change, by).facts
    assert isinstance(event, Course.DetailsChanged)
    assert (event.department_id, event.cleared) == (sales, ["topic"])
    (event,) = system.when(ChangeCourseDetails(course_id=course, department=None), by).facts
    assert event.cleared == ["department", "department_id"]
    title = ChangeCourseDetails(course_id=course, title=" ")
    system.when(title, by).refuses(Invalid, "title")


def test_fields_are_cleared_and_those_left_out_stay(system: System, given: Given) -> None:
    boss = given.a_person()
    person = given.a_person(manager=boss)
    system.dispatch(UpdateLearner(learner_id=person.id, job_role="Clerk", language="de"))
    outcome = system.when(UpdateLearner(learner_id=person.id, job_role=None, manager_id=None))
    (event,) = outcome.facts
    assert event.cleared == ["job_role", "manager_id"]
    found = learner(system, person)
    assert (found.job_role, found.manager_id, found.language) == (None, None, "de")
    again = UpdateLearner(learner_id=person.id, job_role=None, language="de")
    system.when(again).then()


# Who looks after them


def test_a_department_admin_is_granted_departments(system: System, given: Given) -> None:
    person, department = given.a_person(), given.a_department()

    def grant(roles: list[Role], *departments: UUID) -> Any:
        return system.when(
            ChangeRoles(learner_id=person.id, roles=roles, departments=list(departments))
        )

    grant([Role.DEPARTMENT_ADMIN]).refuses(Invalid, "departments")
    grant([Role.EMPLOYEE], department).refuses(Invalid, "departments")
    grant([Role.DEPARTMENT_ADMIN], department, uuid4()).refuses(Invalid, "departments[1]")
    (event,) = grant([Role.DEPARTMENT_ADMIN], department).facts
    assert (event.granted, event.departments) == ([Role.DEPARTMENT_ADMIN], [department])
    (event,) = grant([Role.EMPLOYEE]).facts
    assert (event.revoked, event.departments) == ([Role.DEPARTMENT_ADMIN], [])
    system.when(a_newcomer(None, roles=[Role.DEPARTMENT_ADMIN])).refuses(Invalid, "roles")


def test_a_department_admin_looks_after_accounts_below(
    system: System, head_of_sales: Person, a_seller: Person, europe: UUID, sales: UUID
) -> None:
    by = head_of_sales.actor
    system.when(a_newcomer(europe), by).then(
        Learner.Registered, UniqueName.Claimed, UniqueName.Claimed
    )
    update = UpdateLearner(
        learner_id=a_seller.id, full_name="Jo", department_id=sales, job_role="Seller"
    )
    system.when(update, by).then(Learner.Updated)
    system.when(RequestPasswordReset(learner_id=a_seller.id), by).then(PasswordReset.Requested)
    roles = ChangeRoles(learner_id=a_seller.id, roles=[Role.MANAGER], reason="Leads a team.")
    system.when(roles, by).then(Learner.RolesChanged)
    system.when(DeactivateLearner(learner_id=a_seller.id), by).then(Learner.Deactivated)
    system.when(ReactivateLearner(learner_id=a_seller.id), by).then(Learner.Reactivated)


def test_a_department_admin_does_nothing_elsewhere(
    system: System, given: Given, head_of_sales: Person, a_seller: Person
) -> None:
    by, elsewhere = head_of_sales.actor, given.a_department()
    stranger, homeless = given.a_person(department=elsewhere), given.a_person()
    for person in (stranger, homeless):
        for command in (
            UpdateLearner(learner_id=person.id, full_name="Jo"),
            ChangeRoles(learner_id=person.id, roles=[Role.MANAGER]),
            DeactivateLearner(learner_id=person.id),
            RequestPasswordReset(learner_id=person.id),
        ):
            system.when(command, by).refuses(Forbidden)
    for department in (elsewhere, None):
        system.when(a_newcomer(department), by).refuses(Forbidden)
        move = UpdateLearner(learner_id=a_seller.id, department_id=department)
        system.when(move, by).refuses(Forbidden)
    named = UpdateLearner(learner_id=a_seller.id, department="Mine")
    system.when(named, by).refuses(Forbidden)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.AUDITOR, Role.ANALYST])
def test_a_department_admin_gets_no_further_by_way_of_others(
    system: System,
    given: Given,
    head_of_sales: Person,
    a_seller: Person,
    europe: UUID,
    role: Role,
) -> None:
    by = head_of_sales.actor
    system.when(ChangeRoles(learner_id=a_seller.id, roles=[role]), by).refuses(Forbidden)
    system.when(a_newcomer(europe, roles=[role]), by).refuses(Forbidden)
    mighty = given.a_person(role, department=europe)
    for command in (
        UpdateLearner(learner_id=mighty.id, email=f"{uuid4().hex}@example.com"),
        ChangeRoles(learner_id=mighty.id, roles=[Role.EMPLOYEE]),
        DeactivateLearner(learner_id=mighty.id),
        RequestPasswordReset(learner_id=mighty.id),
    ):
        system.when(command, by).refuses(Forbidden)


def test_a_department_admin_delegates_what_is_below_and_nothing_to_themselves(
    system: System,
    given: Given,
    head_of_sales: Person,
    a_seller: Person,
    europe: UUID,
    sales: UUID,
) -> None:
    by, roles = head_of_sales.actor, [Role.DEPARTMENT_ADMIN]

    def grant(to: Person, department: UUID) -> Any:
        return system.when(ChangeRoles(learner_id=to.id, roles=roles, departments=[department]), by)

    grant(a_seller, europe).then(Learner.RolesChanged)
    grant(a_seller, given.a_department()).refuses(Forbidden)
    system.dispatch(UpdateLearner(learner_id=head_of_sales.id, department_id=sales))
    grant(head_of_sales, sales).refuses(Forbidden)


def test_a_department_admin_builds_below_but_not_around(
    system: System, given: Given, head_of_sales: Person, sales: UUID, europe: UUID
) -> None:
    by, elsewhere = head_of_sales.actor, given.a_department()
    spain = system.when(AddDepartment(name="Spain", parent_id=europe), by).id
    move = MoveDepartment(department_id=spain, parent_id=sales)
    system.when(move, by).then(Organization.DepartmentMoved)
    for command in (
        AddDepartment(name="Mine", parent_id=None),
        AddDepartment(name="Mine", parent_id=elsewhere),
        RenameDepartment(department_id=sales, name="Mine"),
        MoveDepartment(department_id=europe, parent_id=elsewhere),
        MoveDepartment(department_id=elsewhere, parent_id=sales),
        RemoveDepartment(department_id=elsewhere),
        RemoveDepartment(department_id=uuid4()),
    ):
        system.when(command, by).refuses(Forbidden)
    system.when(RemoveDepartment(department_id=spain), by).then(Organization.DepartmentRemoved)


def test_a_grant_that_is_revoked_ends_before_its_token_does(
    system: System, another_process: System, head_of_sales: Person, a_seller: Person
) -> None:
    update = UpdateLearner(learner_id=a_seller.id, full_name="Jo")
    assert system.peek(update, head_of_sales.actor) is None
    another_process.dispatch(ChangeRoles(learner_id=head_of_sales.id, roles=[Role.EMPLOYEE]))
    system.when(update, head_of_sales.actor).refuses(Forbidden)


def test_the_role_alone_reaches_nothing(system: System, a_seller: Person) -> None:
    nobody = Actor(uuid4(), frozenset({Role.DEPARTMENT_ADMIN}))
    system.when(UpdateLearner(learner_id=a_seller.id, full_name="Jo"), nobody).refuses(Forbidden)


def test_nobody_becomes_their_own_manager(system: System, given: Given) -> None:
    boss, report = given.a_person(), given.a_person()
    system.dispatch(UpdateLearner(learner_id=report.id, manager_id=boss.id))
    for manager, why in ((boss, "Nobody is their own manager."), (report, "their own report")):
        outcome = system.when(UpdateLearner(learner_id=boss.id, manager_id=manager.id))
        outcome.refuses(Invalid, "manager_id")
        assert why in str(outcome.refusal)


def test_thirty_people_get_a_manager_at_once(system: System, given: Given) -> None:
    """They meet at the one stream that keeps managers from going round in circles."""
    boss, people = given.a_person(Role.MANAGER), [given.a_person() for _ in range(30)]
    everybody = threading.Barrier(len(people))

    def change(person: Person) -> None:
        everybody.wait(20)
        system.dispatch(UpdateLearner(learner_id=person.id, manager_id=boss.id))

    with ThreadPoolExecutor(len(people)) as threads:
        list(threads.map(change, people))
    found = [system.log.find_latest(Learner, each.id) for each in people]
    assert {each.manager_id for each in found if each} == {boss.id}
