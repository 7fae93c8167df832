"""`lms run <process>`."""

import argparse

from lms import processes
from lms.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which process to become."""
    parser.add_argument("process", choices=processes.PROCESSES)


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Runs until a signal."""
    processes.run(options.process, settings)
    return 0
