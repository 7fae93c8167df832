"""Processes of a system of one test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from lms.settings import Settings
from lms.stack import Process

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
