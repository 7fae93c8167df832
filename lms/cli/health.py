"""`lms health`, for people and containers: exit code 0 when a process does its work."""

import argparse

from lms.processes import PROCESSES
from lms.readiness import why_not_ready
from lms.settings import Settings
from lms.stack import is_alive


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which process to ask."""
    parser.add_argument("process", nargs="?", choices=PROCESSES, help="all when none is named")
    parser.add_argument("--live", action="store_true", help="ask only whether it runs")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Says it in a few words for each process; 1 when one doesn't do its work."""
    good = True
    for process in [options.process] if options.process else PROCESSES:
        if options.live:
            reason = None if is_alive(settings, process) else "it doesn't run"
        else:
            reason = why_not_ready(settings, process)
        good = good and reason is None
        print(f"{process}: {f'not ready, {reason}' if reason else 'ready'}")
    return 0 if good else 1
