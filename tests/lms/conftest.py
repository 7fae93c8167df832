"""Processes of a system of one test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from lms.composition import command_side
from lms.seeds.history.importing import write_history
from lms.seeds.history.plan import Size
from lms.settings import Settings
from lms.stack import Process
from projections.catalogue import PROJECTIONS
from projections.opening import open_live
from projections.source import open_source

DEADLINE = 60.0

Starting = Callable[[str], Process]


@pytest.fixture
def running(settings: Settings) -> Iterator[Starting]:
    """Starts a process by its name, and waits until it is alive; all are stopped after the test."""
    with ExitStack() as stack:

        def start(name: str) -> Process:
            process = Process(name, settings)
            stack.callback(process.stop)
            process.start(DEADLINE)
            return process

        yield start


@pytest.fixture
def recorded(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A small history with read models, and this process's variables set to it."""
    with command_side(settings, connections=2) as side:
        write_history(side, Size(people=10, courses=2), lambda *_: None)
    with open_source(settings.project_database_url, settings.master_key) as source:
        for projection in PROJECTIONS:
            open_live(projection, source).close()
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    return settings
