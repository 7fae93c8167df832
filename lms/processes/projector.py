"""Keeps the Postgres read models up to date."""

import asyncio

from bus.connection import Connection
from bus.consumer import Consumer
from lms.processes.background import work
from lms.settings import Settings
from projections.catalogue import PROJECTIONS
from projections.runner import Runner
from projections.source import Source, open_source

TICK = 1.0
"""Seconds after which a projection that has caught up joins, also when no event comes."""


def main(settings: Settings) -> None:
    """Runs until a signal."""
    work("projector", settings, lambda: _project(settings))


async def _project(settings: Settings) -> None:
    with open_source(settings.project_database_url, settings.master_key) as source:
        runner = await asyncio.to_thread(Runner, PROJECTIONS, source)
        try:
            async with (
                Connection(settings.nats_url, "projector") as nats,
                asyncio.TaskGroup() as own,
            ):
                own.create_task(_tick(runner))
                own.create_task(_follow(runner, source, nats))
        finally:
            await asyncio.to_thread(runner.close)


async def _follow(runner: Runner, source: Source, nats: Connection) -> None:
    consumer = Consumer("projector", nats, source.log, runner.position)
    async for batch in consumer.batches():
        await asyncio.to_thread(runner.apply, batch)


async def _tick(runner: Runner) -> None:
    while True:
        await asyncio.to_thread(runner.tick)
        await asyncio.sleep(TICK)
