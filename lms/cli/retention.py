"""`lms retention run [--dry-run]`."""

import argparse
from collections import Counter

from lms.composition import command_side
from lms.retention import Retention
from lms.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to do about records that have been kept for long enough."""
    parser.add_argument("action", choices=["run"], help="let everything expire that is due")
    parser.add_argument("--dry-run", action="store_true", help="only say what that would be")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Lets records expire; says how many of each kind."""
    with command_side(settings, connections=2) as side:
        retention = Retention(settings.read_database_url, side.dispatcher)
        ran = retention.run(dry_run=options.dry_run)
    for record in ran.expired if options.dry_run else []:
        print(f"{record.kind} {record.id} since {record.expires_at:%Y-%m-%d}: {record.basis}")
    verb = "would expire" if options.dry_run else "expired"
    counted = Counter(record.kind for record in ran.expired)
    print(", ".join(f"{number} {kind}" for kind, number in counted.items()) or "nothing", verb)
    if ran.refused:
        print(f"{len(ran.refused)} have changed since they were listed")
    return 0
