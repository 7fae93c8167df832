"""Fixtures named by the state they set up; each test has people and courses of its own."""

from collections.abc import Iterator

import pytest

from domain.course import Course
from domain.enrollment import Enrollment
from domain.roles import Role
from lms.composition import Pool, open_pool
from projections.source import Source, open_source
from tests.commands.system import MASTER_KEY, Given, Person, System
from tests.read_api.reading import Reading, read_api
from tests.read_api.recording import a_write_api
from tests.servers.postgres import Database


@pytest.fixture(scope="session")
def system(shared_database: Database) -> Iterator[System]:
    system = System(shared_database)
    yield system
    system.close()


@pytest.fixture(scope="session")
def source(shared_database: Database) -> Iterator[Source]:
    with open_source(shared_database.project_url, MASTER_KEY) as opened:
        yield opened


@pytest.fixture(scope="session")
def pool(shared_database: Database) -> Iterator[Pool]:
    """Connections of the read API's role, for what blocks."""
    with open_pool(shared_database.read_url, 2) as opened:
        yield opened


@pytest.fixture(scope="session")
def write_api(system: System) -> Iterator[str]:
    """The address of a write API, which records reads of the audit trail."""
    with a_write_api(system) as url:
        yield url


@pytest.fixture(scope="session")
def reading(
    shared_database: Database, source: Source, pool: Pool, write_api: str
) -> Iterator[Reading]:
    with read_api(shared_database, source, pool, write_api_url=write_api) as running:
        yield running


@pytest.fixture
def given(system: System) -> Given:
    return Given(system)


@pytest.fixture
def a_director(given: Given) -> Person:
    """The manager of `a_manager`."""
    return given.a_person(Role.MANAGER)


@pytest.fixture
def a_manager(given: Given, a_director: Person) -> Person:
    return given.a_person(Role.MANAGER, manager=a_director)


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
def another_manager(given: Given) -> Person:
    return given.a_person(Role.MANAGER)


@pytest.fixture
def an_auditor(given: Given) -> Person:
    return given.a_person(Role.AUDITOR)


@pytest.fixture
def a_published_course(given: Given, an_instructor: Person) -> Course:
    """With two lessons, by `an_instructor`."""
    return given.a_published_course(an_instructor, lessons=2)


@pytest.fixture
def an_open_enrollment(given: Given, a_learner: Person, a_published_course: Course) -> Enrollment:
    """Of `a_learner` in `a_published_course`."""
    return given.an_enrollment(a_learner, a_published_course)
