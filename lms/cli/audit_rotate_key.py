"""`lms audit rotate-key`: another key signs checkpoints from now on."""

import argparse

from lms.sealing import connect, sealing_keys
from lms.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    """Takes none."""


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Puts a new key in place."""
    with connect(settings, "audit") as connection, sealing_keys(settings) as keys:
        key = keys.rotate(connection)
    print(f"{key.kid} signs checkpoints from now on.")
    return 0
