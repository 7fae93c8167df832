"""One program that runs beside this one, and ends with it."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from signal import SIGKILL, SIGTERM, Signals

from lms import parent

DEADLINE = 60.0
GRACE = 10.0
PAUSE = 0.02


class ServiceFailed(Exception):
    """A service ended, or did not get ready in time; says where its log is, and its last lines."""


class Service:
    """How to start, watch and stop one program. Subclasses say what it is.

    Start it from the main thread: the program is ended when the thread that started it ends.
    """

    stop_signal: Signals = SIGTERM

    def __init__(self, name: str, log: Path) -> None:
        self.name = name
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> Sequence[str]:
        """The program, by its full path, and its arguments."""
        raise NotImplementedError

    def environment(self) -> Mapping[str, str]:
        """The environment it gets; nothing else is inherited."""
        return {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}

    def runs_as(self) -> str:
        """`uid:gid` to run under, or `same`."""
        return "same"

    def prepare(self) -> None:
        """What must be in place before each start."""

    def is_ready(self) -> bool:
        """Whether it does its work by now."""
        return self.running

    @property
    def running(self) -> bool:
        """Whether the program runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The program's process id. Raises ServiceFailed when it was never started."""
        return self._started().pid

    @property
    def exit_code(self) -> int | None:
        """How the program ended: its exit code, or minus the signal; None while it runs."""
        return self._process.poll() if self._process else None

    def spawn(self) -> None:
        """Starts the program and returns at once."""
        self.prepare()
        launcher = [sys.executable, "-I", "-S", parent.__file__, str(os.getpid())]
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own programs
                [*launcher, str(int(self.stop_signal)), self.runs_as(), *self.command()],
                env=dict(self.environment()),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def start(self, deadline: float = DEADLINE) -> None:
        """Starts the program and waits until it is ready. Raises ServiceFailed."""
        self.spawn()
        self.wait_until_ready(deadline)

    def wait_until_ready(self, deadline: float = DEADLINE) -> None:
        """Returns when it is ready.

        Raises ServiceFailed when it ends instead, or is not ready within `deadline` seconds.
        """
        limit = time.monotonic() + deadline
        while not self.is_ready():
            if not self.running:
                raise ServiceFailed(self._story(f"ended with {self.exit_code}"))
            if time.monotonic() > limit:
                raise ServiceFailed(self._story(f"was not ready within {deadline:.0f} s"))
            time.sleep(PAUSE)

    def ask_to_stop(self) -> None:
        """Sends the signal that ends it gracefully."""
        if self._process and self.running:
            self._process.send_signal(self.stop_signal)

    def stop(self, grace: float = GRACE) -> None:
        """Stops the program and waits for its end; kills it after `grace` seconds."""
        self.ask_to_stop()
        self.wait_until_stopped(grace)

    def wait_until_stopped(self, grace: float = GRACE) -> None:
        """Waits for the end of a program that was asked to stop; kills it after `grace` seconds."""
        if self._process:
            try:
                self._process.wait(max(grace, 0))
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """Ends the program at once (`kill -9`)."""
        if self._process and self.running:
            self._process.send_signal(SIGKILL)
            self._process.wait()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise ServiceFailed(f"{self.name} was not started")
        return self._process

    def _story(self, what: str) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-8:]
        return "\n  ".join([f"{self.name} {what}; its log {self.log} ends:", *lines])
