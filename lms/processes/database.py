"""A process that is started before the database is there waits for it.

After a power failure everything starts at once, and Postgres goes through its log first. Ending
would only have the supervisor start the process again and again, each time after a longer pause.
"""

import logging
import time
from typing import Final

import psycopg

logger = logging.getLogger(__name__)

PATIENCE: Final = 120.0
"""Seconds after which the process goes on, to fail with what is really the matter."""
ANSWER_SECONDS: Final = 5
PAUSE: Final = 0.5


def wait_for_database(url: str, patience: float = PATIENCE) -> None:
    """Returns as soon as a connection can be made, or when `patience` (seconds) is at its end."""
    limit = time.monotonic() + patience
    while (error := _why_not(url)) is not None:
        if time.monotonic() > limit:
            return
        logger.warning("waiting for the database: %s", error)
        time.sleep(PAUSE)


def _why_not(url: str) -> psycopg.OperationalError | None:
    try:
        psycopg.connect(url, connect_timeout=ANSWER_SECONDS).close()
    except psycopg.OperationalError as error:
        return error
    return None
