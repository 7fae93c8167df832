"""`lms audit accept-restore`: go on from a restored backup."""

import argparse
from datetime import UTC, datetime

from event_store.seals.witness import Witness
from lms.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    """Takes none."""


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Sets the witness file aside, so that the sealer goes on from what the database has."""
    aside = Witness(settings.witness_file).set_aside(datetime.now(UTC))
    if aside is None:
        print("There is no witness file.")
    else:
        print(f"{aside} is what was known before: keep it. `lms audit verify --kept` compares.")
    return 0
