"""`lms seed`: something to try the system on."""

import argparse
import sys

from domain.errors import DomainError
from lms.cli.info import as_text
from lms.seeds.log_ins import log_ins
from lms.seeds.small import plant
from lms.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    """How much of a history, if any."""
    large = parser.add_argument_group(
        "a large history", "years of learning, generated; a cut-off run goes on where it ended"
    )
    large.add_argument("--people", type=_count, metavar="N", help="how many people learn")
    large.add_argument("--courses", type=_count, metavar="N", help="in how many courses")
    large.add_argument(
        "--seed", type=int, default=1, metavar="N", help="another N, another history"
    )


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Plants the small seeds; then generates the history that was asked for."""
    try:
        carried_out = plant(settings)
    except DomainError as error:
        print(f"error: the seeds don't fit in here: {error.detail}", file=sys.stderr)
        return 1
    print(as_text({"log_ins": log_ins(settings)}))
    said = f"{carried_out} commands carried out" if carried_out else "everything was there already"
    print(f"\nSmall seeds: {said}.")
    return 0


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be a whole number from 1")
    return number
