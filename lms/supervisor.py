"""Keeps services running: starts them in order, restarts what ends, stops all in reverse order.

What was started together is stopped together.
"""

import shutil
import signal
import time
from collections.abc import Callable, Sequence
from types import FrameType, TracebackType
from typing import Self

from lms.service import DEADLINE, GRACE, Service, ServiceFailed

WATCH_PAUSE = 0.1
FIRST_DELAY = 0.2
LONGEST_DELAY = 10.0
STEADY = 30.0
"""Seconds a service must have run for its next restart to come without delay again."""
LOG_CHECK = 60.0
LOG_BYTES = 50_000_000
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopAsked(BaseException):
    """A signal asks this process to stop. No error: only the supervisor's end catches it."""


class Supervisor:
    """Owns services while its `with` block runs; Ctrl-C or SIGTERM ends the block in good order.

    A second signal while they stop kills what still runs. `say` gets a line for each event.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._kept: list[_Kept] = []
        self._groups: list[list[_Kept]] = []
        self._stopping = False

    def __enter__(self) -> Self:
        self._handlers = {number: signal.getsignal(number) for number in STOP_SIGNALS}
        for number in STOP_SIGNALS:
            signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        self._stopping = True
        if isinstance(error, StopAsked):
            self._say(f"stopping ({error})")
        self._stop_all()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        return isinstance(error, StopAsked)

    def start(self, service: Service) -> None:
        """Starts one service and waits until it is ready. Raises ServiceFailed."""
        self._keep(service)
        service.start()
        self._say(f"{service.name} runs (process {service.pid})")

    def start_together(self, services: Sequence[Service], deadline: float = DEADLINE) -> None:
        """Starts several services and waits until all are ready. Raises ServiceFailed."""
        self._keep(*services)
        for service in services:
            service.spawn()
        limit = time.monotonic() + deadline
        for service in services:
            service.wait_until_ready(limit - time.monotonic())
            self._say(f"{service.name} runs (process {service.pid})")

    def _keep(self, *services: Service) -> None:
        group = [_Kept(service) for service in services]
        self._kept += group
        self._groups.append(group)

    def watch(self) -> None:
        """Restarts what ends, until a signal comes."""
        log_check = time.monotonic() + LOG_CHECK
        while True:
            for kept in self._kept:
                kept.tend(self._say)
            if time.monotonic() > log_check:
                log_check = time.monotonic() + LOG_CHECK
                self._trim_logs()
            time.sleep(WATCH_PAUSE)

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        if not self._stopping:
            self._stopping = True
            # Saying so is left to `__exit__`: the signal may have come amid another line.
            raise StopAsked(signal.Signals(number).name)
        for kept in self._kept:
            kept.service.kill()

    def _stop_all(self) -> None:
        for group in reversed(self._groups):
            running = [kept.service for kept in reversed(group) if kept.service.running]
            for service in running:
                service.ask_to_stop()
            limit = time.monotonic() + GRACE
            for service in running:
                service.wait_until_stopped(limit - time.monotonic())
                self._say(f"{service.name} stopped")

    def _trim_logs(self) -> None:
        for kept in self._kept:
            log = kept.service.log
            if log.stat().st_size > LOG_BYTES:
                shutil.copyfile(log, log.with_suffix(".log.1"))
                log.write_bytes(b"")  # whoever writes appends: it goes on from here


class _Kept:
    """A service, and when it may be started again."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._started = time.monotonic()
        self._delay = FIRST_DELAY
        self._due: float | None = None

    def tend(self, say: Callable[[str], None]) -> None:
        if self.service.running:
            return
        now = time.monotonic()
        if self._due is None:
            steady = now - self._started > STEADY
            self._delay = FIRST_DELAY if steady else min(self._delay * 2, LONGEST_DELAY)
            self._due = now + self._delay
            say(
                f"{self.service.name} ended with {self.service.exit_code},"
                f" starts again in {self._delay:.1f} s; see {self.service.log}"
            )
        elif now >= self._due:
            self._due, self._started = None, now
            try:
                self.service.spawn()
                say(f"{self.service.name} runs (process {self.service.pid}) again")
            except (ServiceFailed, OSError) as error:
                say(f"{self.service.name} can't be started: {error}")
