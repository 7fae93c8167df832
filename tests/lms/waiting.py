"""Waiting for what a process of its own does."""

import time
from collections.abc import Callable

DEADLINE = 60.0


def eventually(condition: Callable[[], bool]) -> None:
    """Returns once the condition holds."""
    limit = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < limit, "it took too long"
        time.sleep(0.05)
