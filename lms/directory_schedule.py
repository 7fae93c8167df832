"""Syncs with the directory now and then; however many processes do, one at a time."""

import asyncio
import logging
import time

import psycopg

from commands.directory import DirectoryReport, DirectoryUnavailable
from domain.errors import DomainError
from event_store.errors import LogUnavailable
from lms.composition import CommandSide
from lms.directory import directory_sync
from lms.settings import Settings
from lms.sso import read_sso_file

logger = logging.getLogger(__name__)

LOCK = 0x6C6D735F6C646170  # "lms_ldap"
SHORTEST_PAUSE = 1.0


class Busy(Exception):
    """Another process syncs just now."""


def sync_once(
    settings: Settings, side: CommandSide, *, dry_run: bool, however_many: bool = False
) -> DirectoryReport | None:
    """What was done; None without a directory. Raises `DirectoryUnavailable`, `Busy`."""
    sync = directory_sync(settings, side)
    if sync is None:
        return None
    with psycopg.connect(settings.write_database_url, autocommit=True) as connection:
        row = connection.execute("SELECT pg_try_advisory_lock(%s)", (LOCK,)).fetchone()
        if row is None or not row[0]:
            raise Busy
        return sync.run(dry_run=dry_run, however_many=however_many)


async def sync_again_and_again(settings: Settings, side: CommandSide) -> None:
    """Runs until cancelled; returns at once when no sync is asked for. Raises `SettingsError`."""
    section = read_sso_file(settings.sso_file).directory
    if section is None or section.sync_minutes is None:
        return
    while True:
        begun = time.monotonic()
        await asyncio.to_thread(_try, settings, side)
        took = time.monotonic() - begun
        await asyncio.sleep(max(section.sync_minutes * 60 - took, SHORTEST_PAUSE))


def _try(settings: Settings, side: CommandSide) -> None:
    try:
        report = sync_once(settings, side, dry_run=False)
    except Busy:
        return
    except (DirectoryUnavailable, DomainError, LogUnavailable, psycopg.Error) as error:
        logger.warning("no sync with the directory: %s: %s", type(error).__name__, error.__cause__)
        return
    if report is not None:
        logger.info(
            "directory: %d people, %d opened, %d changed, %d deactivated, %d reactivated, "
            "%d refused, %d withheld",
            report.people,
            report.opened,
            len(report.changed),
            len(report.deactivated),
            len(report.reactivated),
            sum(report.refused.values()),
            report.withheld,
        )
