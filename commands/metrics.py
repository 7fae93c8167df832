"""How many commands came, how long they took, and how they ended."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from prometheus_client import Counter, Histogram

from commands.errors import TooMuchContention
from domain.errors import DomainError
from event_store.errors import LogUnavailable

COMMANDS: Final = Counter(
    "lms_commands",
    "Commands that came to the dispatcher, by how they ended",
    ["command", "outcome"],
)
SECONDS: Final = Histogram(
    "lms_command_seconds",
    "From the dispatcher's door to its answer, tries anew included.",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
RETRIES: Final = Counter(
    "lms_command_retries",
    "Times that a command was begun anew, because somebody else was faster",
    ["command"],
)


class Outcome:
    """How a command ends unless it raises: "recorded", or "repeated" when it was done before."""

    word = "recorded"


@contextmanager
def measured_command(name: str) -> Iterator[Outcome]:
    """Counts what happens in the block as one command."""
    started, outcome = time.perf_counter(), Outcome()
    try:
        yield outcome
    except DomainError:
        outcome.word = "refused"
        raise
    except (LogUnavailable, TooMuchContention):
        outcome.word = "unavailable"
        raise
    except BaseException:
        outcome.word = "failed"
        raise
    finally:
        SECONDS.observe(time.perf_counter() - started)
        COMMANDS.labels(name, outcome.word).inc()
