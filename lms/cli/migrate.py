"""`lms migrate`."""

import argparse

from lms.migrate import migrate
from lms.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    """Takes none."""


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Applies what is missing and says what that was."""
    applied = migrate(settings)
    for name in applied:
        print(f"applied {name}")
    if not applied:
        print("The database is up to date.")
    return 0
