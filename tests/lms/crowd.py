"""A program for tests: supervises three sleeping programs, and prints the supervisor's lines."""

import sys
from collections.abc import Sequence
from pathlib import Path

from lms.service import Service
from lms.supervisor import Supervisor

SLEEP = """
import pathlib, signal, sys, time

def stop(*_):
    pathlib.Path(sys.argv[1], f"asked-{time.time_ns()}").touch()
    time.sleep(0.3)
    pathlib.Path(sys.argv[1], f"ended-{time.time_ns()}").touch()
    sys.exit()

signal.signal(signal.SIGTERM, stop)
pathlib.Path(sys.argv[1], f"ready-{time.time_ns()}").touch()
time.sleep(600)
"""


class Sleeper(Service):
    """A program that does nothing, and takes a while to end."""

    def command(self) -> Sequence[str]:
        """See Service."""
        return [sys.executable, "-c", SLEEP, str(self.log.parent)]


def say(line: str) -> None:
    """Tells the test."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(folder: Path) -> None:
    """Supervises until a signal."""
    with Supervisor(say) as supervisor:
        supervisor.start(Sleeper("first", folder / "first.log"))
        together = [Sleeper(name, folder / f"{name}.log") for name in ("second", "third")]
        supervisor.start_together(together)
        say("all run")
        supervisor.watch()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
