"""A whole stack under its supervisor (`lms up`), and all that can happen to its processes."""

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP, Signals
from typing import Any
from uuid import UUID

import psycopg

from lms import stack
from lms.processes import PROCESSES
from lms.settings import Settings
from tests.servers.stack import Stack as System
from tests.survival.deadline import wait_for

PROC = Path("/proc")
WORST = ("ERROR", "CRITICAL")


class Stack:
    """A running stack on servers of its own, with fsync on.

    A service that is killed is started again by the supervisor, never by the test.
    """

    def __init__(self, system: System) -> None:
        self.settings = system.settings
        self.url = system.url
        self._system = system
        self._killed: list[str] = []

    def pid_of(self, service: str) -> int:
        """The process id of a service, as it was started last."""
        return int(
            re.findall(rf"^{service} runs \(process (\d+)\)", self._system.log.read_text(), re.M)[
                -1
            ]
        )

    def kill(self, *services: str, signal: Signals = SIGKILL) -> None:
        """Sends the signal to all of them at once; returns when each has a successor."""
        pids = {service: self.pid_of(service) for service in services}
        self._killed += services
        for pid in pids.values():
            os.kill(pid, signal)
        wait_for(
            lambda: all(self.pid_of(service) != pid for service, pid in pids.items()),
            f"{', '.join(services)} started again",
        )

    def kill_nats_and_wipe_it(self) -> None:
        """The supervisor is held back meanwhile, so that NATS is not started on half a folder."""
        with self.frozen(self._system.pid):
            old = self.pid_of("nats")
            self._killed.append("nats")
            os.kill(old, SIGKILL)
            shutil.rmtree(self.settings.data_dir / "nats")
        wait_for(lambda: self.pid_of("nats") != old, "NATS started again")

    @contextmanager
    def frozen_postgres(self) -> Iterator[None]:
        """No process of it does anything while the block runs; connections stay open."""
        postmaster = self.pid_of("postgres")
        with self.frozen(postmaster, *_children(postmaster)):
            yield

    @contextmanager
    def frozen(self, *pids: int) -> Iterator[None]:
        """These processes do nothing while the block runs."""
        stopped = [pid for pid in pids if _send(pid, SIGSTOP)]
        try:
            yield
        finally:
            for pid in stopped:
                _send(pid, SIGCONT)

    @contextmanager
    def a_second(self, *processes: str) -> Iterator[None]:
        """One more of each of these processes while the block runs, as on another machine."""
        folder = self.settings.data_dir.parent / "another-machine"
        environment = self.settings.environment() | {"LMS_DATA_DIR": str(folder)}
        settings = Settings.load(environment)
        doubles = [stack.Process(name, settings) for name in processes]
        try:
            for double in doubles:
                double.start()
            yield
            assert all(double.running for double in doubles)
        finally:
            for double in doubles:
                double.kill()

    def is_whole(self) -> bool:
        """Whether every process does its work, and the gateway says so too."""
        return self.is_ready() and all(
            stack.is_alive(self.settings, name, self.pid_of(name)) for name in PROCESSES
        )

    def is_ready(self) -> bool:
        """What `/health/ready` says."""
        try:
            with urllib.request.urlopen(f"{self.url}/health/ready", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def ended_by_themselves(self) -> dict[str, str]:
        """Services that ended although nobody killed them, each with the end of its log."""
        ended = re.findall(r"^(\S+) ended with", self._system.log.read_text(), re.M)
        for service in self._killed:
            if service in ended:
                ended.remove(service)
        logs = self.settings.data_folder().folder("logs")
        return {service: (logs / f"{service}.log").read_text()[-6_000:] for service in ended}

    def lms(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs a command of the program."""
        return subprocess.run(
            [sys.executable, "-m", "lms", *arguments],
            env=dict(self._system.environment()),
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def ask(self, query: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The database's answer to its owner."""
        with psycopg.connect(self.settings.database_url, autocommit=True) as connection:
            return connection.execute(query, params).fetchall()

    def ask_analytics(self, query: str) -> list[Any]:
        """The rows that DuckDB answers; none while it can't be asked."""
        request = urllib.request.Request(
            f"{self.settings.analytics_url}/analytics/sql",
            data=json.dumps({"query": query}).encode(),
            headers={
                "Authorization": f"Bearer {self.settings.internal_token}",
                "Content-Type": "application/json",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return list(json.load(answer)["rows"])
        except OSError:
            return []

    def last_position(self) -> int:
        """Where the log ends."""
        return int(self.ask("SELECT max(position) FROM event_store.events")[0][0])

    def positions_reached(self) -> int:
        """What every projection and every policy is done with."""
        rows = self.ask(
            "SELECT min(position) FROM (SELECT position FROM policies.position UNION ALL"
            " SELECT position FROM projections.position WHERE state = 'live') AS positions"
        )
        return int(rows[0][0])

    def told(self, learner_id: UUID) -> list[str]:
        """The keys of all that policies have told a learner."""
        rows = self.ask(
            "SELECT data->>'text_key' FROM event_store.events"
            " WHERE type = 'notification.created.v1' AND data->>'learner_id' = %s",
            [str(learner_id)],
        )
        return [text_key for (text_key,) in rows]

    def logged(self) -> "Logged":
        """What our processes log from now on."""
        return Logged(self.settings.data_folder().folder("logs"))


class Logged:
    """The lines that our processes have added to their logs since this object was made."""

    def __init__(self, folder: Path) -> None:
        self._files = [folder / f"{name}.log" for name in PROCESSES]
        self._begin = {file: _size(file) for file in self._files}

    def errors(self) -> list[dict[str, Any]]:
        """Lines that tell of a mistake of the program: an error, a stack trace, no JSON at all."""
        return [line for line in self._lines() if _is_bad(line)]

    def _lines(self) -> Iterator[dict[str, Any]]:
        for file in self._files:
            with file.open(errors="replace") as log:
                log.seek(self._begin[file])
                for line in log:
                    yield _parsed(line, file.stem)


def _parsed(line: str, process: str) -> dict[str, Any]:
    try:
        parsed: dict[str, Any] = json.loads(line)
    except ValueError:
        return {"level": "ERROR", "process": process, "logger": "", "message": line}
    return parsed


def _is_bad(line: Mapping[str, Any]) -> bool:
    return line["level"] in WORST or "error" in line


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _send(pid: int, signal: Signals) -> bool:
    try:
        os.kill(pid, signal)
    except ProcessLookupError:
        return False
    return True


def _children(pid: int) -> list[int]:
    found = []
    for file in PROC.glob("[0-9]*/stat"):
        try:
            parent = int(file.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == pid:
            found.append(int(file.parent.name))
    return found
