"""`lms up`."""

import argparse
import os
import sys

from event_store.errors import EpochTooLow
from lms import stack
from lms.cli.info import as_text, describe
from lms.data_folder import is_free
from lms.migrate import migrate
from lms.processes import PROCESSES
from lms.readiness import not_yet_ready
from lms.seeds.log_ins import log_ins
from lms.seeds.small import plant_if_new
from lms.service import ServiceFailed
from lms.settings import Settings, variable_of
from lms.supervisor import Supervisor

READY_SECONDS = 20.0
"""Running is not yet ready: views may have catching up to do. After this the stack says so."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Takes none: everything is a setting."""


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Runs the stack until a signal; 1 when it could not be started."""
    folder = settings.data_folder()
    with folder.claim("up") as alone:
        if not alone:
            return _failed(f"a stack is already up on {settings.data_dir}")
        folder.forget_taken_ports()
        settings = Settings.load(os.environ)
        if taken := _taken_ports(settings):
            return _failed(*taken)
        try:
            with Supervisor(_say) as supervisor:
                _start(supervisor, settings)
                supervisor.watch()
        except (ServiceFailed, EpochTooLow) as error:
            return _failed(str(error))
    return 0


def _start(supervisor: Supervisor, settings: Settings) -> None:
    for server in stack.servers(settings):
        supervisor.start(server)
    for name in migrate(settings):
        _say(f"applied migration {name}")
    if carried_out := plant_if_new(settings):
        _say(f"planted the seeds with {carried_out} commands")
    supervisor.start_together(stack.processes(settings))
    for process, reason in not_yet_ready(settings, PROCESSES, READY_SECONDS).items():
        _say(f"{process} isn't ready: {reason}")
    found = describe(settings) | {"log_ins": log_ins(settings)}
    print(f"\n{as_text(found)}\n\nCtrl-C stops everything.", flush=True)


def _taken_ports(settings: Settings) -> list[str]:
    return [
        f"port {getattr(settings, name)} is taken by another program: set {variable_of(name)}"
        for process, name in stack.PORTS.items()
        if process in PROCESSES and not is_free(getattr(settings, name), settings.host)
    ]


def _say(line: str) -> None:
    print(line, flush=True)


def _failed(*problems: str) -> int:
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    return 1
