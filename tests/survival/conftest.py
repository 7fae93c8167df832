"""A stack to do harm to, and people who use it meanwhile."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from tests.servers.folder import server_folder
from tests.servers.stack import DEADLINE
from tests.servers.stack import Stack as System
from tests.survival.people import Course, Crowd, Tokens, Town
from tests.survival.stack import Stack

LearnersAtWork = Callable[[], AbstractContextManager[Crowd]]


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """A whole stack that runs; each test leaves it whole again."""
    with server_folder() as folder:
        system = System(folder)
        system.start(DEADLINE)
        yield Stack(system)
        system.stop(grace=60)
        assert system.exit_code == 0, system.last_words()
        assert system.left_behind() == []


@pytest.fixture(scope="session")
def town(stack: Stack) -> Town:
    """Where people come from."""
    return Town(stack.url, Tokens(stack.settings))


@pytest.fixture
def a_course(town: Town) -> Course:
    """A published course with an assessment and an open survey."""
    return town.a_course()


@pytest.fixture
def learners_at_work(town: Town, a_course: Course) -> LearnersAtWork:
    """Learners who take the course while a block runs, and have ended it when it is over."""

    @contextmanager
    def at_work() -> Iterator[Crowd]:
        crowd = Crowd(town, a_course)
        try:
            crowd.goes_on()
            yield crowd
        finally:
            crowd.stop()

    return at_work
