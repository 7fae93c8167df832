"""Departments, who is in them, what people can do, and what those who look after them see."""

from uuid import UUID, uuid4

import pytest

from access.actor import Actor
from commands.course import CreateCourse
from commands.learner import DeactivateLearner, UpdateLearner
from commands.organization import MoveDepartment, RemoveDepartment, RenameDepartment
from commands.skill import AssessSkill, RemoveSkill
from domain.enrollment import Enrollment
from tests.commands.system import ADMIN, Given, Person, System
from tests.read_api.reading import Reading

TREE, USERS = "/departments", "/users"


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
    return given.a_department_admin(sales)


def test_the_tree_is_told_from_the_top_down(
    reading: Reading, system: System, a_stranger: Person, sales: UUID, europe: UUID
) -> None:
    tree = reading.ok(TREE, a_stranger)
    ids = [UUID(each["id"]) for each in tree["items"]]
    assert ids.index(europe) == ids.index(sales) + 1
    one = reading.get(f"{TREE}/{europe}", a_stranger)
    assert one.json()["path"] == [str(sales), str(europe)]
    assert one.headers["ETag"] == f'"{tree["version"]}"'
    system.dispatch(MoveDepartment(department_id=europe, parent_id=None))
    system.dispatch(RenameDepartment(department_id=europe, name=f"EU {europe}"))
    moved = reading.ok(f"{TREE}/{europe}", a_stranger)
    assert (moved["path"], moved["name"]) == ([str(europe)], f"EU {europe}")
    system.dispatch(RemoveDepartment(department_id=europe))
    assert reading.status(f"{TREE}/{europe}", a_stranger) == 404


def test_moving_takes_everything_below_along(
    reading: Reading, given: Given, system: System, sales: UUID, europe: UUID
) -> None:
    spain, group = given.a_department(below=europe), given.a_department()
    system.dispatch(MoveDepartment(department_id=sales, parent_id=group))
    path = reading.ok(f"{TREE}/{spain}", ADMIN)["path"]
    assert path == [str(each) for each in (group, sales, europe, spain)]


def test_people_are_found_in_a_department_and_those_below(
    reading: Reading, system: System, a_seller: Person, sales: UUID, europe: UUID
) -> None:
    for department in (sales, europe):
        assert reading.ids(USERS, ADMIN, department_id=department) == [a_seller.id]
    name = f"Europe {uuid4().hex}"
    system.dispatch(RenameDepartment(department_id=europe, name=name))
    assert reading.ids(USERS, ADMIN, department=name) == [a_seller.id]
    seen = reading.ok(f"{USERS}/{a_seller.id}", ADMIN)
    assert (seen["department"], seen["department_id"]) == (name, str(europe))
    system.dispatch(UpdateLearner(learner_id=a_seller.id, department_id=None))
    seen = reading.ok(f"{USERS}/{a_seller.id}", ADMIN)
    assert (seen["department"], seen["department_id"]) == (None, None)
    assert reading.ids(USERS, ADMIN, department_id=sales) == []


def test_courses_are_found_in_a_department(
    reading: Reading, system: System, an_instructor: Person, sales: UUID, europe: UUID
) -> None:
    command = CreateCourse(title="Selling", department_id=europe)
    course = system.dispatch(command, an_instructor.actor).id
    assert reading.ids("/courses", an_instructor, department_id=sales) == [course]
    seen = reading.ok(f"/courses/{course}", an_instructor)
    assert seen["department_id"] == str(europe)


def test_who_looks_after_a_department_sees_its_people_only(
    reading: Reading,
    given: Given,
    head_of_sales: Person,
    a_seller: Person,
    an_open_enrollment: Enrollment,
    system: System,
    sales: UUID,
) -> None:
    stranger = given.a_person(department=given.a_department())
    assert reading.ids(USERS, head_of_sales) == [a_seller.id]
    assert reading.status(f"{USERS}/{a_seller.id}", head_of_sales) == 200
    assert reading.status(f"{USERS}/{stranger.id}", head_of_sales) == 404
    path = f"/enrollments/{an_open_enrollment.id}"
    assert reading.status(path, head_of_sales) == 404
    system.dispatch(UpdateLearner(learner_id=an_open_enrollment.learner_id, department_id=sales))
    assert reading.status(path, head_of_sales) == 200
    assert reading.ok("/me", head_of_sales)["administers"] == [str(sales)]


def test_reports_are_direct_and_indirect(
    reading: Reading, a_director: Person, a_manager: Person, a_learner: Person, a_stranger: Person
) -> None:
    path = f"{USERS}/{a_director.id}/reports"
    assert set(reading.ids(path, ADMIN)) == {a_manager.id, a_learner.id}
    assert set(reading.ids(path, a_director)) == {a_manager.id, a_learner.id}
    assert reading.ids(f"{USERS}/{a_manager.id}/reports", a_manager) == [a_learner.id]
    assert reading.ids(path, a_stranger) == []


def test_people_are_found_by_what_they_can_do(
    reading: Reading, system: System, a_manager: Person, a_learner: Person, a_stranger: Person
) -> None:
    skill = f"Rust {uuid4().hex}"
    for person, level in ((a_learner, 4), (a_stranger, 2)):
        system.dispatch(AssessSkill(learner_id=person.id, skill=skill, level=level), ADMIN)
    shouted = skill.upper()
    assert set(reading.ids(USERS, ADMIN, skill=shouted)) == {a_learner.id, a_stranger.id}
    assert reading.ids(USERS, ADMIN, skill=skill, skill_level=3) == [a_learner.id]
    (seen,) = reading.ok("/me", a_learner)["skills"]
    assert (seen["skill"], seen["level"], seen["assessed_by"]) == (skill, 4, str(ADMIN.id))
    everywhere = numbers(reading, ADMIN, skill)
    assert everywhere == (2, [0, 1, 0, 1, 0])
    assert numbers(reading, a_manager, skill) == (1, [0, 0, 0, 1, 0])
    system.dispatch(RemoveSkill(learner_id=a_learner.id, skill=shouted))
    system.dispatch(DeactivateLearner(learner_id=a_stranger.id))
    assert reading.ids(USERS, ADMIN, skill=skill, active=True) == []
    assert numbers(reading, ADMIN, skill) is None


def numbers(reading: Reading, by: Person | Actor, skill: str) -> tuple[int, list[int]] | None:
    items = reading.ok("/skills", by, params={"limit": 200})["items"]
    found = [(each["people"], each["levels"]) for each in items if each["skill"] == skill]
    return found[0] if found else None


@pytest.mark.parametrize("level", [0, 6, "expert"])
def test_a_level_that_is_none_is_refused(reading: Reading, level: object) -> None:
    assert reading.status(USERS, ADMIN, params={"skill": "Rust", "skill_level": level}) == 422
