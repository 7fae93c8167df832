"""`lms ldap sync`: accounts become what the directory says."""

import argparse
import sys

import msgspec

from commands.directory import DirectoryReport, DirectoryUnavailable
from lms.composition import command_side
from lms.directory_schedule import Busy, sync_once
from lms.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, and how far."""
    acts = parser.add_subparsers(metavar="action", required=True)
    sync = acts.add_parser("sync", help="open, change and deactivate accounts as it says")
    sync.add_argument("--dry-run", action="store_true", help="only say what would be done")
    sync.add_argument(
        "--however-many",
        action="store_true",
        help="deactivate who has left, even if those are suspiciously many",
    )
    sync.add_argument("--json", action="store_true", help="for programs")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Syncs once. 1: it couldn't, or it held deactivations back."""
    try:
        with command_side(settings, connections=2) as side:
            report = sync_once(
                settings, side, dry_run=options.dry_run, however_many=options.however_many
            )
    except DirectoryUnavailable as error:
        return _failed(f"{error.detail} ({error.__cause__})")
    except Busy:
        return _failed("another process syncs just now")
    if report is None:
        return _failed("LMS_SSO_FILE names no directory")
    if options.json:
        print(msgspec.json.format(msgspec.json.encode(report)).decode())
    else:
        print(as_text(report))
    return 1 if report.withheld else 0


def as_text(report: DirectoryReport) -> str:
    """The report, for people."""
    lines = [f"{report.people} people in the directory"]
    lines += ["Nothing was changed; a sync would do this:"] if report.dry_run else []
    lines += [
        f"  opened       {report.opened}",
        f"  changed      {len(report.changed)}",
        f"  unchanged    {report.unchanged}",
        f"  deactivated  {len(report.deactivated)}",
        f"  reactivated  {len(report.reactivated)}",
        f"  refused      {sum(report.refused.values())}",
    ]
    lines += [f"    {number} × {why}" for why, number in sorted(report.refused.items())]
    lines += [f"  {id}: {', '.join(names)}" for id, names in report.changed.items()]
    lines += [f"  {id}: deactivated" for id in report.deactivated]
    lines += [f"  {id}: reactivated" for id in report.reactivated]
    if report.withheld:
        lines.append(
            f"{report.withheld} would be deactivated: too many to believe. If it is right:"
            " lms ldap sync --however-many"
        )
    return "\n".join(lines)


def _failed(why: str) -> int:
    print(f"error: {why}", file=sys.stderr)
    return 1
