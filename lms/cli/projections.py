"""`lms projections`: how they are doing; `rebuild` and `retry` them."""

import argparse

import msgspec
import psycopg

from lms.settings import Settings
from projections.catalogue import PROJECTIONS, named
from projections.rebuild_all import rebuild_all
from projections.retry import retry
from projections.source import open_source
from projections.status import Status, statuses

NAMES = tuple(projection.name for projection in PROJECTIONS)
ROW = "{:<14} {:>7} {:<9} {:>14} {:>9} {:>8} {:>7}"
HEADINGS = ("projection", "version", "state", "position", "lag", "age", "parked")


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to do with which."""
    parser.set_defaults(act=show)
    acts = parser.add_subparsers(metavar="action")
    listing = acts.add_parser("list", help="show position, lag and parked events (the default)")
    listing.set_defaults(act=show)
    for choice in (parser, listing):
        choice.add_argument("--json", action="store_true", help="for programs")
    for name, act, help_text in (
        ("rebuild", rebuild, "build anew from history beside the old, then swap"),
        ("retry", retry_parked, "apply parked events again"),
    ):
        choice = acts.add_parser(name, help=help_text)
        choice.set_defaults(act=act)
        choice.add_argument("name", nargs="*", help="all when none is named")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Does what was asked for."""
    unknown = set(getattr(options, "name", ())) - set(NAMES)
    if unknown:
        print(f"There is no projection {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}.")
        return 2
    code: int = options.act(options, settings)
    return code


def show(options: argparse.Namespace, settings: Settings) -> int:
    """Prints every build that serves or is being made."""
    with psycopg.connect(settings.project_database_url, autocommit=True) as connection:
        found = statuses(connection)
    if options.json:
        print(msgspec.json.format(msgspec.json.encode(found)).decode())
        return 0
    print(ROW.format(*HEADINGS))
    for status in found:
        print(_row(status))
    return 0


def rebuild(options: argparse.Namespace, settings: Settings) -> int:
    """Rebuilds the named projections, two at a time."""
    psycopg.connect(settings.project_database_url).close()
    names = options.name or NAMES
    url, key = settings.project_database_url, settings.master_key
    for name, built in rebuild_all(names, url, key):
        print(f"{name}: {built.events} events in {built.seconds:.1f} s")
    return 0


def retry_parked(options: argparse.Namespace, settings: Settings) -> int:
    """Retries the parked events of the named projections; 1 when some are still parked."""
    psycopg.connect(settings.project_database_url).close()
    still_parked = 0
    with open_source(settings.project_database_url, settings.master_key) as source:
        for name in options.name or NAMES:
            done = retry(named(name), source)
            still_parked += done.still_parked
            print(f"{name}: applied {done.applied}, still parked {done.still_parked}")
    return 1 if still_parked else 0


def _row(status: Status) -> str:
    age = f"{status.age:.1f} s"
    return ROW.format(
        status.name,
        status.version,
        status.state,
        status.position,
        status.lag,
        age,
        status.parked,
    )
