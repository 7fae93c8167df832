"""`lms backup`."""

import argparse
import shutil
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lms.backup.errors import BackupFailed
from lms.backup.retention import outlived_keys
from lms.backup.taking import take
from lms.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    """Where to, and how long keys are kept there."""
    parser.add_argument(
        "--to", type=Path, metavar="FOLDER", help="by default `backups` in the data folder"
    )
    parser.add_argument(
        "--keys-to",
        type=Path,
        metavar="FOLDER",
        help="where people's keys go, better another disk; by default `keys` in the folder of --to",
    )
    parser.add_argument(
        "--prune-keys",
        type=_days,
        metavar="DAYS",
        help="then delete archives of keys that are older than this many days",
    )


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Makes both archives; 1 when that failed."""
    to: Path = (options.to or settings.data_dir / "backups").absolute()
    keys_to: Path = (options.keys_to or to / "keys").absolute()
    begun = time.monotonic()
    try:
        made = take(settings, to / "history", keys_to, _say)
    except (BackupFailed, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if options.prune_keys is not None:
        before = datetime.now(UTC) - timedelta(days=options.prune_keys)
        for archive in outlived_keys(keys_to, before):
            shutil.rmtree(archive.folder)
            _say(f"deleted {archive.folder}")
    told = made.history.manifest
    _say(
        f"{told.events:,} events up to position {told.position} in"
        f" {time.monotonic() - begun:.1f} s. The master key is in neither: keep it elsewhere."
    )
    return 0


def _days(text: str) -> int:
    days = int(text)
    if days < 1:
        raise argparse.ArgumentTypeError("must be a whole number from 1")
    return days


def _say(line: str) -> None:
    print(line, flush=True)
