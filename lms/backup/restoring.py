"""Brings a system back from its archives."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

import psycopg

from event_store.epoch import mend_epoch
from lms.backup import followers
from lms.backup.errors import Refused
from lms.backup.manifest import Archive
from lms.backup.people import reconcile
from lms.backup.programs import Programs, programs_for
from lms.backup.sealed import check_seals
from lms.backup.taking import JOBS
from lms.backup.target import Target, target_of
from lms.migrate import FOLDER, apply, ensure_roles
from lms.settings import Settings
from projections.catalogue import PROJECTIONS
from projections.rebuild_all import rebuild_all

Say = Callable[[str], None]

SKIPPED: Final = 2**27
"""Transactions whose positions are never used: events that the backup missed may have had them,
and DuckDB, clients or an auditor's export may remember them. Enough for days of hard work, and for
a thousand restores before a position exceeds what JSON numbers hold exactly (2^53)."""
NO_KEYS: Final = (
    "Without an archive of keys the history can be read, but nothing in it that is personal (names,"
    " addresses, free text): everybody becomes an erased person for good, and nobody can log in."
    " Give one by --keys, or accept that by --without-keys."
)


class Wanted(NamedTuple):
    """What to restore: the history, perhaps the keys, and what may be given up for it.

    `replace` is the name of a database that needn't be empty.
    """

    history: Archive
    keys: Archive | None
    replace: str | None = None
    without_keys: bool = False


def restore(settings: Settings, wanted: Wanted, say: Say) -> None:
    """Restores into the database of the settings; every process of the system must be stopped.

    The database is as it was until the last step, in which the restored one takes its place.
    Raises Refused, TargetInUse, BackupFailed; psycopg.OperationalError when the server can't be
    reached.
    """
    _check_archives(settings, wanted, say)
    with target_of(settings) as target:
        programs = programs_for(target.major, embedded=settings.embedded_postgres)
        target.check(wanted.history, wanted.replace)
        followers.check_nats(settings)
        ensure_roles(settings)
        target.create_draft()
        try:
            _fill(target, programs, wanted, say)
            followers.wipe(settings)
            say("NATS and DuckDB: wiped; they are filled again when the system is up")
            aside = target.swap()
        except BaseException:
            target.drop_draft()
            raise
    kept = f"; the former one is kept as {aside}" if aside else ""
    say(f"The database {target.name} is the restored one{kept}.")


def _check_archives(settings: Settings, wanted: Wanted, say: Say) -> None:
    history, keys = wanted.history, wanted.keys
    unknown = set(history.manifest.migrations) - {path.stem for path in FOLDER.glob("*.sql")}
    if unknown:
        raise Refused(
            f"The backup was made by a newer release ({history.manifest.lms}): this one doesn't"
            f" know its migrations {', '.join(sorted(unknown))}."
        )
    if keys is None and not wanted.without_keys:
        raise Refused(NO_KEYS)
    if keys and not settings.master_key.opens(keys.manifest.master_key):
        raise Refused(
            f"The master key is not the one that wraps the keys in {keys.folder}. Set the one that"
            " was in use when they were saved, alone or as a former one beside the present one."
        )
    for archive in filter(None, (history, keys)):
        with _timed(say, f"{archive.manifest.kind}: every file is whole"):
            archive.check()


def _fill(target: Target, programs: Programs, wanted: Wanted, say: Say) -> None:
    draft = target.draft
    with _timed(say, f"history: {wanted.history.manifest.events:,} events restored"):
        programs.restore(draft.database_url, *_OPTIONS, f"--jobs={JOBS}", _dump(wanted.history))
    if wanted.keys:
        with _timed(say, f"keys: those of {wanted.keys.manifest.people:,} people restored"):
            programs.restore(
                draft.database_url, *_OPTIONS, "--single-transaction", _dump(wanted.keys)
            )
    for name in apply(draft.database_url, FOLDER):
        say(f"applied migration {name}")
    with psycopg.connect(draft.database_url, autocommit=True) as owner:
        _reconcile(owner, wanted, say)
        say(f"epoch: {mend_epoch(owner, skip=SKIPPED)}; the next position exceeds the last")
        owner.execute("ANALYZE")
    if wanted.keys:
        check_seals(draft, say)
    else:
        say("seals: without keys nobody can tell which are ours; `lms audit rotate-key` goes on")
    names = [projection.name for projection in PROJECTIONS]
    for name, built in rebuild_all(names, draft.project_database_url, draft.master_key):
        say(f"{name}: {built.events:,} events in {built.seconds:.1f} s")


def _reconcile(owner: psycopg.Connection, wanted: Wanted, say: Say) -> None:
    found = reconcile(owner, wanted.history.folder)
    if found.lost and not wanted.without_keys:
        raise Refused(
            f"The archive of keys lacks those of {found.lost:,} people in the history: it is older"
            " than the history. Take a newer one, or accept by --without-keys that these become"
            " erased persons."
        )
    if found.lost_texts and not wanted.without_keys:
        raise Refused(
            f"The archive of keys lacks those of {found.lost_texts:,} texts in the history: it is"
            " older than the history. Take a newer one, or accept by --without-keys that these"
            " can't be read any more."
        )
    if found.destroyed_again:
        say(f"keys: {found.destroyed_again:,} destroyed again, of people who were erased later")
    if found.lost:
        say(f"keys: those of {found.lost:,} people are lost; they read as erased persons")


def _dump(archive: Archive) -> str:
    return str(archive.dump)


@contextmanager
def _timed(say: Say, what: str) -> Iterator[None]:
    begun = time.monotonic()
    yield
    say(f"{what} ({time.monotonic() - begun:.1f} s)")


_OPTIONS = ("--format=directory", "--no-owner", "--exit-on-error")
