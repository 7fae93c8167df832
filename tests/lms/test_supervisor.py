import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGTERM

import pytest

DEADLINE = 20.0


class Crowd:
    """A supervisor in a process of its own, with three services."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.lms.crowd", str(folder)],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []

    def read_until(self, pattern: str) -> re.Match[str]:
        """Reads what it says up to a line that matches."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line.strip())
            if found := re.search(pattern, line):
                return found
        raise AssertionError(f"It never said {pattern!r}, but {self.lines}")

    def pid_of(self, service: str) -> int:
        """The process id that it last told for a service."""
        found = re.findall(rf"{service} runs \(process (\d+)\)", "\n".join(self.lines))
        return int(found[-1])


@pytest.fixture
def crowd(tmp_path: Path) -> Iterator[Crowd]:
    """A supervisor whose services run."""
    crowd = Crowd(tmp_path)
    crowd.read_until("all run")
    yield crowd
    crowd.process.kill()
    crowd.process.wait()
    assert crowd.process.stdout
    crowd.process.stdout.close()


def is_gone(pid: int) -> bool:
    """Whether a process has ended; a zombie that nobody has asked for yet counts as ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def eventually(condition: Callable[[], bool]) -> bool:
    limit = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > limit:
            return False
        time.sleep(0.01)
    return True


@pytest.mark.parametrize("number", [SIGINT, SIGTERM])
def test_a_signal_stops_all_in_reverse_order(crowd: Crowd, number: int) -> None:
    pids = [crowd.pid_of("first"), crowd.pid_of("second")]
    crowd.process.send_signal(number)
    crowd.read_until("first stopped")
    assert crowd.process.wait(DEADLINE) == 0
    stops = [line for line in crowd.lines if line.endswith(" stopped")]
    assert stops == ["third stopped", "second stopped", "first stopped"]
    assert all(is_gone(pid) for pid in pids)


def test_what_was_started_together_is_stopped_together(crowd: Crowd, tmp_path: Path) -> None:
    assert eventually(lambda: len(list(tmp_path.glob("ready-*"))) == 3)
    crowd.process.send_signal(SIGTERM)
    assert crowd.process.wait(DEADLINE) == 0
    told = sorted(tmp_path.glob("[ae]*-*"), key=lambda path: path.name.partition("-")[2])
    order = [path.name.partition("-")[0] for path in told]
    assert order == ["asked", "asked", "ended", "ended", "asked", "ended"]


def test_a_service_that_is_killed_is_started_again(crowd: Crowd) -> None:
    old = crowd.pid_of("second")
    os.kill(old, SIGKILL)
    crowd.read_until(r"second ended with -9, starts again in")
    crowd.read_until(r"second runs \(process \d+\) again")
    assert is_gone(old)


def test_no_service_outlives_a_supervisor_that_is_killed(crowd: Crowd) -> None:
    pids = [crowd.pid_of("first"), crowd.pid_of("second")]
    crowd.process.kill()
    assert eventually(lambda: all(is_gone(pid) for pid in pids))
