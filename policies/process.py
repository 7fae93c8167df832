"""The process of the policies: reacts to the log, or stands by for the process that does."""

import asyncio
import logging
from collections.abc import Iterable
from contextlib import aclosing
from typing import Any, Final

import psycopg
from prometheus_client import Gauge

from bus.connection import Connection as Nats
from bus.consumer import Consumer
from bus.leadership import Leadership
from policies.catalogue import POLICIES
from policies.equipment import Equipment
from policies.policy import Policy
from policies.reactor import OUT_OF_REACH, Reactor
from policies.runner import Runner, Stopped

logger = logging.getLogger(__name__)

LEADING: Final = Gauge("lms_policies_leading", "1 while this process reacts to the log")
GROUP: Final = "policies"
_STANDBY_PAUSE: Final = 0.5
_CHECK_PAUSE: Final = 1.0
_NOTE_PAUSE: Final = 1.0
_BATCH: Final = 200


class Deposed(Exception):
    """The connection that made this process the leader was lost."""


async def run_policies(
    database_url: str,
    equipment: Equipment,
    nats: Nats,
    policies: Iterable[Policy] = POLICIES,
) -> None:
    """Runs until cancelled, through any outage of Postgres or NATS.

    Any number of processes may run this: one leads. Should two ever believe that they lead, the
    idempotency keys of their commands still hold. Raises `bus.consumer.AnotherHistory` when the
    log is not the one that the positions came from.
    """
    leadership, chosen = Leadership(lambda: _connect(database_url), GROUP), list(policies)
    try:
        while True:
            if await asyncio.to_thread(leadership.claim):
                with LEADING.track_inprogress():
                    await _lead(equipment, nats, chosen, leadership)
            else:
                await asyncio.sleep(_STANDBY_PAUSE)
    finally:
        await asyncio.to_thread(leadership.resign)


async def _lead(
    equipment: Equipment, nats: Nats, policies: list[Policy], leadership: Leadership
) -> None:
    try:
        runner = await asyncio.to_thread(Runner, policies, equipment, Reactor(equipment))
    except OUT_OF_REACH as error:
        logger.warning("positions can't be read: %s", error)
        await asyncio.sleep(_STANDBY_PAUSE)
        return
    logger.info("reacting from position %d", runner.position)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_follow(runner, equipment, nats))
            tasks.create_task(_note(runner))
            tasks.create_task(_watch(leadership))
    except* (Deposed, Stopped):
        logger.warning("no longer leading; standing by")
    finally:
        await asyncio.to_thread(runner.close)


async def _follow(runner: Runner, equipment: Equipment, nats: Nats) -> None:
    consumer = Consumer(GROUP, nats, equipment.log, runner.position, types=runner.types)
    async with aclosing(consumer.batches(_BATCH)) as batches:
        async for batch in batches:
            await asyncio.to_thread(runner.react, batch)


async def _note(runner: Runner) -> None:
    while True:
        await asyncio.sleep(_NOTE_PAUSE)
        await asyncio.to_thread(runner.note)


async def _watch(leadership: Leadership) -> None:
    while True:
        await asyncio.sleep(_CHECK_PAUSE)
        if not await asyncio.to_thread(leadership.claim):
            raise Deposed


def _connect(database_url: str) -> psycopg.Connection[tuple[Any, ...]]:
    return psycopg.connect(database_url, autocommit=True, connect_timeout=5, keepalives_idle=10)
