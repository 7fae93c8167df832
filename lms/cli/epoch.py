"""`lms epoch mend`."""

import argparse

import psycopg

from event_store.epoch import mend_epoch
from lms.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to do about the epoch."""
    parser.add_argument("action", choices=["mend"], help="raise it above every position there is")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Mends the epoch; everything that writes must be stopped."""
    with psycopg.connect(settings.database_url, autocommit=True) as owner:
        print(f"The epoch is {mend_epoch(owner)} now; the next position exceeds the last.")
    return 0
