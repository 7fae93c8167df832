"""`lms seed`: something to try the system on."""

import argparse
import sys
import time
from typing import Final

import psycopg
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from domain.errors import DomainError
from event_store.errors import VersionConflict
from lms.cli.info import as_text
from lms.composition import command_side
from lms.seeds.history.importing import write_history
from lms.seeds.history.plan import Size
from lms.seeds.log_ins import log_ins
from lms.seeds.small import plant
from lms.settings import Settings

PEOPLE: Final = 1_000
COURSES: Final = 50
"""The size of a history of which only the other number is given."""


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
    size = _size(options)
    psycopg.connect(settings.write_database_url).close()
    try:
        carried_out = plant(settings)
        print(as_text({"log_ins": log_ins(settings)}))
        said = f"{carried_out} commands" if carried_out else "everything was there already"
        print(f"\nSmall seeds: {said}.")
        if size is not None:
            _write_history(size, settings)
    except DomainError as error:
        return _failed(error.detail)
    except VersionConflict:
        return _failed("somebody uses the names of this history; another --seed has others")
    return 0


def _size(options: argparse.Namespace) -> Size | None:
    if options.people is None and options.courses is None:
        return None
    return Size(options.people or PEOPLE, options.courses or COURSES, options.seed)


def _write_history(size: Size, settings: Settings) -> None:
    begun = time.monotonic()
    with command_side(settings, connections=2) as side, _bar() as bar:
        task = bar.add_task("history", events=0)

        def show(done: int, total: int, events: int) -> None:
            bar.update(task, completed=done, total=total, events=events)

        events = write_history(side, size, show)
    seconds = time.monotonic() - begun
    rate = f", {events / seconds:,.0f} a second" if events else ": it was there already"
    print(f"History of {size.people} people in {size.courses} courses: {events:,} events{rate}.")


def _bar() -> Progress:
    return Progress(
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[events]:,} events"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )


def _failed(why: str) -> int:
    print(f"error: the seeds don't fit in here: {why}", file=sys.stderr)
    return 1


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be a whole number from 1")
    return number
