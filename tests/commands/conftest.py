"""Fixtures named by the state they set up; each test has people and courses of its own."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from domain.assessment import Assessment
from domain.course import Course
from domain.enrollment import Enrollment
from domain.roles import Role
from tests.commands.system import Given, Person, System
from tests.servers.postgres import Database


@pytest.fixture(scope="session")
def system(shared_database: Database) -> Iterator[System]:
    system = System(shared_database)
    yield system
    system.close()


@pytest.fixture
def another_process(system: System) -> Iterator[System]:
    """A second process on the same database, with a cache of its own."""
    another = system.another()
    yield another
    another.close()


@pytest.fixture
def given(system: System) -> Given:
    return Given(system)


@pytest.fixture
def a_manager(given: Given) -> Person:
    return given.a_person(Role.MANAGER)


@pytest.fixture
def a_learner(given: Given, a_manager: Person) -> Person:
    """Reports to `a_manager`."""
    return given.a_person(manager=a_manager)


@pytest.fixture
def a_stranger(given: Given) -> Person:
    return given.a_person()


@pytest.fixture
def an_instructor(given: Given) -> Person:
    return given.a_person(Role.INSTRUCTOR)


@pytest.fixture
def another_instructor(given: Given) -> Person:
    return given.a_person(Role.INSTRUCTOR)


@pytest.fixture
def a_published_course(given: Given, an_instructor: Person) -> Course:
    """With one lesson, by `an_instructor`."""
    return given.a_published_course(an_instructor)


@pytest.fixture
def an_open_enrollment(given: Given, a_learner: Person, a_published_course: Course) -> Enrollment:
    """Of `a_learner` in `a_published_course`."""
    return given.an_enrollment(a_learner, a_published_course)


@pytest.fixture
def a_published_assessment(
    given: Given, an_instructor: Person, a_published_course: Course
) -> Assessment:
    """In `a_published_course`, with one question."""
    return given.a_published_assessment(an_instructor, a_published_course)


@pytest.fixture
def an_open_attempt(
    given: Given,
    a_learner: Person,
    an_open_enrollment: Enrollment,
    a_published_assessment: Assessment,
) -> UUID:
    """Of `a_learner` at `a_published_assessment`."""
    return given.an_attempt(a_learner, a_published_assessment)
