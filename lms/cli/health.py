"""`lms health <process>`, for containers: exit code 0 when it does its work."""

import argparse

from lms.processes import PROCESSES
from lms.settings import Settings
from lms.stack import is_alive


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which process to ask."""
    parser.add_argument("process", choices=PROCESSES)


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Says it in a word, and by the exit code."""
    alive = is_alive(settings, options.process)
    print("alive" if alive else "not alive")
    return 0 if alive else 1
