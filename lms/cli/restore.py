"""`lms restore`."""

import argparse
import os
import sys
from contextlib import ExitStack
from pathlib import Path

from lms import stack
from lms.backup import manifest
from lms.backup.errors import BackupFailed, Refused, TargetInUse
from lms.backup.manifest import Archive
from lms.backup.restoring import Wanted, restore
from lms.backup.retention import archives
from lms.service import ServiceFailed
from lms.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    """From where, and what may be given up for it."""
    parser.add_argument(
        "--from",
        dest="source",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="an archive of the history, or a folder that `lms backup` wrote to: its newest one",
    )
    parser.add_argument(
        "--keys",
        type=Path,
        metavar="FOLDER",
        help="an archive of keys, or a folder of them: the newest; by default `keys` beside it",
    )
    parser.add_argument(
        "--replace", metavar="DATABASE", help="the name of a database that is not empty"
    )
    parser.add_argument(
        "--without-keys", action="store_true", help="give up people whose keys are missing"
    )


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Restores; 1 when that failed, 3 when the archive is refused, 4 when the target is."""
    try:
        wanted = Wanted(
            _history(options.source),
            _keys(options.keys, options.source),
            options.replace,
            options.without_keys,
        )
        _tell(wanted)
        with ExitStack() as up:
            restore(_stopped(settings, up), wanted, _say)
    except (BackupFailed, ServiceFailed, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return error.code if isinstance(error, BackupFailed) else 1
    _say("Start the system; `lms verify` compares its read models with history once more.")
    return 0


def _stopped(settings: Settings, up: ExitStack) -> Settings:
    """The settings, when no stack is up on them; its own Postgres runs until `up` ends."""
    folder = settings.data_folder()
    if not up.enter_context(folder.claim("up")):
        raise TargetInUse(f"A stack is up on {settings.data_dir}: stop it first.")
    if not settings.embedded_postgres:
        return settings
    folder.forget_taken_ports()
    settings = Settings.load(os.environ)
    server = stack.embedded_postgres(settings)
    up.callback(server.stop, 60)
    server.start()
    return settings


def _history(source: Path) -> Archive:
    if (source / manifest.NAME).exists() or (source / manifest.DUMP).exists():
        return manifest.opened(source.absolute(), "history")
    found = archives(source / "history", "history") or archives(source, "history")
    if not found:
        raise Refused(f"There is no complete archive of a history in {source}.")
    return found[-1]


def _keys(given: Path | None, source: Path) -> Archive | None:
    """The newest: who was erased since the history was saved stays erased."""
    if given and (given / manifest.NAME).exists():
        return manifest.opened(given.absolute(), "keys")
    if given:
        found = archives(given, "keys")
        if not found:
            raise Refused(f"There is no complete archive of keys in {given}.")
        return found[-1]
    beside = (
        source / "keys",
        source.absolute().parent / "keys",
        source.absolute().parent.parent / "keys",
    )
    found = [archive for folder in beside for archive in archives(folder, "keys")]
    return max(found, key=lambda archive: archive.manifest.taken_at, default=None)


def _tell(wanted: Wanted) -> None:
    told = wanted.history.manifest
    _say(
        f"history of {told.taken_at:%Y-%m-%d %H:%M:%S} UTC: {told.events:,} events up to position"
        f" {told.position}, from {wanted.history.folder}"
    )
    if wanted.keys:
        told = wanted.keys.manifest
        _say(f"keys of {told.taken_at:%Y-%m-%d %H:%M:%S} UTC from {wanted.keys.folder}")


def _say(line: str) -> None:
    print(line, flush=True)
