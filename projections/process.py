"""The projector: keeps all read models up to date, or stands by for the process that does."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, aclosing
from typing import Final

from bus.connection import Connection as Nats
from bus.consumer import Batch, Consumer
from bus.leadership import Leadership
from bus.log import LOG_DOWN
from projections.catalogue import PROJECTIONS
from projections.connection import connect
from projections.metrics import LEADING, measured_batch
from projections.projection import Projection
from projections.runner import Runner
from projections.source import Source

logger = logging.getLogger(__name__)

GROUP: Final = "projector"
_STANDBY_PAUSE: Final = 0.5
_CHECK_PAUSE: Final = 1.0
_TICK: Final = 0.05


Around = Callable[[Batch], AbstractContextManager[None]]


class Deposed(Exception):
    """The connection that made this process the leader was lost."""


async def run_projector(
    source: Source,
    nats: Nats,
    projections: Iterable[Projection] = PROJECTIONS,
    around: Around = measured_batch,
) -> None:
    """Runs until cancelled, through any outage of Postgres or NATS.

    Any number of processes may run this: one leads, and another takes over within a second when
    it dies. Should two ever believe that they lead, the fence on each position still holds.
    `around` is entered while a batch is applied.
    """
    leadership = Leadership(lambda: connect(source.conninfo), GROUP)
    chosen = list(projections)
    try:
        while True:
            if await asyncio.to_thread(leadership.claim):
                with LEADING.track_inprogress():
                    await _lead(source, nats, chosen, leadership, around)
            else:
                await asyncio.sleep(_STANDBY_PAUSE)
    finally:
        await asyncio.to_thread(leadership.resign)


async def _lead(
    source: Source,
    nats: Nats,
    projections: list[Projection],
    leadership: Leadership,
    around: Around,
) -> None:
    try:
        runner = await asyncio.to_thread(Runner, projections, source)
    except LOG_DOWN as error:
        logger.warning("the log can't be read: %s", error)
        await asyncio.sleep(_STANDBY_PAUSE)
        return
    logger.info("projecting from position %d", runner.position)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_follow(runner, source, nats, around))
            tasks.create_task(_tick(runner))
            tasks.create_task(_watch(leadership))
    except* Deposed:
        logger.warning("no longer leading; standing by")
    finally:
        await asyncio.to_thread(runner.close)


async def _follow(runner: Runner, source: Source, nats: Nats, around: Around) -> None:
    consumer = Consumer(GROUP, nats, source.log, runner.position)
    async with aclosing(consumer.batches()) as batches:
        async for batch in batches:
            with around(batch):
                await asyncio.to_thread(runner.apply, batch)


async def _tick(runner: Runner) -> None:
    while True:
        await asyncio.to_thread(runner.tick)
        await asyncio.sleep(_TICK)


async def _watch(leadership: Leadership) -> None:
    while True:
        await asyncio.sleep(_CHECK_PAUSE)
        if not await asyncio.to_thread(leadership.claim):
            raise Deposed
