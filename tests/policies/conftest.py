from collections.abc import Iterator

import pytest

from domain.course import Course
from domain.roles import Role
from policies.equipment import Equipment
from tests.commands.system import Given, Person, System
from tests.policies.equipped import equipped
from tests.servers.postgres import Database


@pytest.fixture
def system(database: Database) -> Iterator[System]:
    system = System(database)
    yield system
    system.close()


@pytest.fixture
def given(system: System) -> Given:
    return Given(system)


@pytest.fixture
def equipment(database: Database, system: System) -> Iterator[Equipment]:
    with equipped(database, system) as equipment:
        yield equipment


@pytest.fixture
def an_instructor(given: Given) -> Person:
    return given.a_person(Role.INSTRUCTOR)


@pytest.fixture
def a_learner(given: Given) -> Person:
    return given.a_person()


@pytest.fixture
def a_course_with_a_survey(given: Given, an_instructor: Person) -> Course:
    course = given.a_published_course(an_instructor)
    given.an_open_survey(an_instructor.actor, course)
    return course
