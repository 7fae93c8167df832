"""Brings in the people of uploaded files."""

import asyncio
import logging
import threading

import psycopg

from bus.leadership import Leadership
from bus.wake import Waker
from commands.importing.run import Importer, Stopped
from event_store.errors import LogUnavailable
from lms.composition import command_side
from lms.processes.background import work
from lms.settings import Settings

logger = logging.getLogger(__name__)

PAUSE = 0.5
"""Seconds between two looks for something to do."""


def main(settings: Settings) -> None:
    """Runs until a signal; an import under way is then gone on with by the next process."""
    work("importer", settings, lambda: _import(settings))


async def _import(settings: Settings) -> None:
    stopping = threading.Event()
    leadership = Leadership(lambda: _connect(settings), "importer")
    with command_side(settings, connections=2) as side, Waker(settings.nats_url) as waker:
        importer = Importer(
            side.log,
            side.passwords,
            side.dispatcher,
            side.pool,
            on_recorded=waker.ping,
            stopping=stopping,
        )
        try:
            while True:
                if not await _step(importer, leadership):
                    await asyncio.sleep(PAUSE)
        finally:
            stopping.set()
            await asyncio.to_thread(leadership.resign)


async def _step(importer: Importer, leadership: Leadership) -> bool:
    """Carries out an import, if this is the process to do so; whether there may be more."""
    if not await asyncio.to_thread(leadership.claim):
        return False
    try:
        return await asyncio.to_thread(importer.carry_out_next)
    except Stopped:
        return False
    except (LogUnavailable, psycopg.OperationalError) as error:
        logger.warning("the database is out of reach: %s", error)
        return False


def _connect(settings: Settings) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(
        settings.write_database_url, autocommit=True, application_name="importer"
    )
