"""A program for tests: supervises two sleeping programs, and prints the supervisor's lines."""

import sys
from collections.abc import Sequence
from pathlib import Path

from lms.service import Service
from lms.supervisor import Supervisor


class Sleeper(Service):
    """A program that does nothing."""

    def command(self) -> Sequence[str]:
        """See Service."""
        return [sys.executable, "-c", "import time; time.sleep(600)"]


def say(line: str) -> None:
    """Tells the test."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(folder: Path) -> None:
    """Supervises until a signal."""
    with Supervisor(say) as supervisor:
        supervisor.start(Sleeper("first", folder / "first.log"))
        supervisor.start_together([Sleeper("second", folder / "second.log")])
        say("all run")
        supervisor.watch()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
