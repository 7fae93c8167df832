"""The people of the seeds, each logged in to the one running system."""

from collections.abc import Iterator

import pytest

from tests.journey.cast import Cast, Learner, WrittenCourse
from tests.journey.lms import Lms, Person
from tests.servers.stack import Stack


@pytest.fixture(scope="session")
def lms(stack: Stack) -> Iterator[Lms]:
    lms = Lms(stack.url)
    yield lms
    lms.http.close()


@pytest.fixture(scope="session")
def admin(lms: Lms, stack: Stack) -> Person:
    return lms.person("admin", stack.password)


@pytest.fixture(scope="session")
def auditor(lms: Lms, stack: Stack) -> Person:
    return lms.person("auditor", stack.password)


@pytest.fixture(scope="session")
def analyst(lms: Lms, stack: Stack) -> Person:
    return lms.person("analyst", stack.password)


@pytest.fixture(scope="session")
def john(lms: Lms, stack: Stack) -> Learner:
    """Reports to `manager`."""
    return Learner(lms, "john.doe", stack.password)


@pytest.fixture(scope="session")
def manager(lms: Lms, stack: Stack) -> Person:
    return lms.person("manager", stack.password)


@pytest.fixture(scope="session")
def instructor(lms: Lms, stack: Stack) -> Person:
    return lms.person("instructor", stack.password)


@pytest.fixture(scope="session")
def cast(lms: Lms, admin: Person) -> Cast:
    return Cast(lms, admin)


@pytest.fixture(scope="session")
def course(cast: Cast, instructor: Person) -> WrittenCourse:
    """By `instructor`; each test takes it with people of its own."""
    return cast.a_course(instructor)


@pytest.fixture
def learner(cast: Cast) -> Learner:
    """Someone new, who reports to nobody."""
    return cast.somebody()


@pytest.fixture
def stranger(cast: Cast) -> Learner:
    """Someone new, who has to do with nobody."""
    return cast.somebody()
