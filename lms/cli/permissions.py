"""`lms permissions`."""

import argparse

from access.permissions import as_table
from lms.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    """Takes none."""


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Prints the table from role to command and query."""
    print(as_table(), end="")
    return 0
