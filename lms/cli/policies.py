"""`lms policies`: how far they are and what they could not react to; `retry` that."""

import argparse

import msgspec

from event_store.mapper import Mapper
from event_store.reader import Reader
from lms.composition import command_side, open_pool
from lms.settings import Settings
from policies.catalogue import POLICIES
from policies.equipment import Equipment
from policies.parked import parked_events
from policies.reactor import Reactor
from policies.retry import retry
from policies.status import Status, statuses

NAMES = tuple(policy.name for policy in POLICIES)
ROW = "{:<14} {:>14} {:>9} {:>7}"
HEADINGS = ("policy", "position", "lag", "parked")


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to do with which."""
    parser.set_defaults(act=show)
    acts = parser.add_subparsers(metavar="action")
    listing = acts.add_parser("list", help="show position, lag and parked events (the default)")
    listing.set_defaults(act=show)
    for choice in (parser, listing):
        choice.add_argument("--json", action="store_true", help="for programs")
    again = acts.add_parser("retry", help="react to parked events again")
    again.set_defaults(act=retry_parked)
    again.add_argument("name", nargs="*", help="all when none is named")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Does what was asked for."""
    unknown = set(getattr(options, "name", ())) - set(NAMES)
    if unknown:
        print(f"There is no policy {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}.")
        return 2
    code: int = options.act(options, settings)
    return code


def show(options: argparse.Namespace, settings: Settings) -> int:
    """Prints every policy that has run, and every event that is parked."""
    with open_pool(settings.write_database_url, 1) as pool:
        found, parked = statuses(pool, Reader(pool)), parked_events(pool)
    if options.json:
        everything = {"policies": found, "parked": parked}
        print(msgspec.json.format(msgspec.json.encode(everything)).decode())
        return 0
    print(ROW.format(*HEADINGS))
    for status in found:
        print(_row(status))
    for event in parked:
        print(f"{event.policy} parked {event.type} at {event.position}: {event.error}")
    return 0


def retry_parked(options: argparse.Namespace, settings: Settings) -> int:
    """Retries the parked events of the named policies; 1 when some are still parked."""
    chosen = [policy for policy in POLICIES if policy.name in (options.name or NAMES)]
    with command_side(settings) as side:
        mapper = Mapper(side.log.types, side.log.keys)
        equipment = Equipment(side.pool, Reader(side.pool), mapper.decode, side.dispatcher)
        done = retry(chosen, equipment, Reactor(equipment))
    print(f"done {done.done}, still parked {done.still_parked}")
    return 1 if done.still_parked else 0


def _row(status: Status) -> str:
    return ROW.format(status.policy, status.position, status.lag, status.parked)
