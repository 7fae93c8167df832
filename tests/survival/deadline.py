"""Waiting for what must come by itself."""

import time
from collections.abc import Callable
from typing import Final

DEADLINE: Final = 60.0
PAUSE: Final = 0.02


def wait_for(condition: Callable[[], bool], what: str) -> None:
    """Returns once it is so; fails when it isn't within a minute."""
    limit = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < limit, f"a minute later it is not so that {what}"
        time.sleep(PAUSE)
