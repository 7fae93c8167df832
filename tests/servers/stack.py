"""The whole system for tests, as `lms up` runs it: one for all tests of a process that ask."""

import os
import re
import sys
from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from lms.data_folder import free_port
from lms.service import Service
from lms.settings import PROJECT, Settings
from tests.servers.folder import server_folder

PASSWORD = "only-for-tests-1"
SERVING = ("GATEWAY", "WRITE_API", "READ_API")
WITH_A_STACK = ("tests/journey/", "tests/provisioning/", "tests/survival/")
"""Rooms of tests that share one running system each."""
READY = b"Ctrl-C stops everything."
DEADLINE = 180.0
LAST_LINES = 12


class Stack(Service):
    """A whole system of its own: data folder, servers, ports; seeded. It ends with this process.

    Everyone seeded has the password `password`; `url` is the gateway's.
    """

    password = PASSWORD

    def __init__(self, folder: Path) -> None:
        super().__init__("lms up", folder / "up.log")
        self._folder = folder
        ports = {f"LMS_{name}_PORT": str(free_port()) for name in SERVING}
        self._own = {
            "LMS_DATA_DIR": str(folder / "data"),
            "LMS_SEED_PASSWORD": PASSWORD,
            "LMS_PASSWORD_DAYS": "365",
            **ports,
        }
        self.url = f"http://127.0.0.1:{ports['LMS_GATEWAY_PORT']}"

    def command(self) -> Sequence[str]:
        """See Service."""
        return [sys.executable, "-m", "lms", "up"]

    def environment(self) -> Mapping[str, str]:
        """See Service. No setting of whoever runs the tests gets in."""
        others = re.compile(r"LMS_|DATABASE_URL$|NATS_URL$")
        kept = {name: value for name, value in os.environ.items() if not others.match(name)}
        return {**kept, "PYTHONPATH": str(PROJECT), **self._own}

    def is_ready(self) -> bool:
        """See Service."""
        return self.running and READY in self.log.read_bytes()

    @property
    def settings(self) -> Settings:
        """What this system runs with."""
        return Settings.load(self._own)

    def left_behind(self) -> list[str]:
        """The command lines of processes that it has started and that still run."""
        pids = re.findall(r"runs \(process (\d+)\)", self.log.read_text())
        files = (Path(f"/proc/{pid}/cmdline") for pid in pids)
        # Of one that has ended, but that nobody has waited for yet, it is empty.
        return [found for file in files if file.exists() and (found := file.read_text())]

    def last_words(self) -> str:
        """The ends of all logs."""
        logs = [self.log, *sorted((self._folder / "data" / "logs").glob("*.log"))]
        return "\n".join(f"{log.stem}:\n{_end_of(log)}" for log in logs)


def _end_of(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()[-LAST_LINES:]
    return "\n".join(f"  {line}" for line in lines)


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """A running, seeded system; shared, so tests use people and courses of their own.

    It takes some ten seconds to start, so ask for it in `WITH_A_STACK` only.
    """
    with server_folder() as folder:
        stack = Stack(folder)
        stack.start(DEADLINE)
        yield stack
        stack.stop(grace=60)
        assert stack.exit_code == 0, stack.last_words()
        assert stack.left_behind() == []


class OneStackForEachRoom(LoadScopeScheduling):
    """How pytest-xdist spreads tests: a room that shares a running system goes to one process, so
    that only one is started; of all other tests each goes wherever there is room.

    `--dist loadgroup` doesn't do it: the name it adds to a test's id is lost in pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        return next((room for room in WITH_A_STACK if nodeid.startswith(room)), nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneStackForEachRoom:
    return OneStackForEachRoom(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the processes said last when a test fails."""
    report = yield
    stack = getattr(item, "funcargs", {}).get("stack")
    if report.failed and report.when == "call" and isinstance(stack, Stack):
        report.sections.append(("logs of the system", stack.last_words()))
    return report
