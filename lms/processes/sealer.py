"""Seals the log: numbers, leaves, the tree over them, and its signed checkpoints."""

import asyncio
import logging
import threading

import psycopg
from prometheus_client import REGISTRY

from bus.checkpoints import CheckpointTeller
from bus.connection import Connection
from event_store.seals.keys import NotOurKey
from event_store.seals.sealer import Sealer, SealsBroken
from event_store.seals.witness import Witness
from lms.processes.background import work
from lms.sealing import connect, sealing_keys
from lms.settings import Settings
from lms.telemetry.collectors import FromDatabase, seal_metrics

logger = logging.getLogger(__name__)

PAUSE = 2.0
"""Seconds after a failure."""


def main(settings: Settings) -> None:
    """Runs until a signal."""
    work("sealer", settings, lambda: _seal(settings))


async def _seal(settings: Settings) -> None:
    REGISTRY.register(FromDatabase(settings.read_database_url, seal_metrics))
    stopping = threading.Event()
    async with Connection(settings.nats_url, "sealer") as nats:
        teller = CheckpointTeller(nats, asyncio.get_running_loop())
        try:
            await asyncio.to_thread(_keep_sealing, settings, teller, stopping)
        finally:
            stopping.set()  # the thread ends after its step; the loop waits for it


def _keep_sealing(settings: Settings, teller: CheckpointTeller, stopping: threading.Event) -> None:
    """Through any outage: after a failure it begins anew, from what is in the tables."""
    while not stopping.is_set():
        try:
            _seal_over_one_connection(settings, teller, stopping)
        except psycopg.Error as error:
            logger.warning("the sealer begins anew, %s: %s", type(error).__name__, error)
        except (SealsBroken, NotOurKey) as error:
            logger.log(logging.ERROR, "nothing is sealed: %s See `lms audit verify`.", error)
        except OSError as error:
            logger.log(logging.ERROR, "nothing is sealed, no witness can be written: %s", error)
        stopping.wait(PAUSE)


def _seal_over_one_connection(
    settings: Settings, teller: CheckpointTeller, stopping: threading.Event
) -> None:
    with connect(settings, "sealer") as connection, sealing_keys(settings) as keys:
        sealer = Sealer(
            connection,
            keys,
            Witness(settings.witness_file),
            on_checkpoint=teller.tell,
        )
        while not stopping.is_set():
            if not sealer.step():
                stopping.wait(sealer.pause)
