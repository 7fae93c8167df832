"""Reacts to events with commands."""

import asyncio

from prometheus_client import REGISTRY

from bus.connection import Connection
from bus.correlation import current_correlation
from event_store.mapper import Mapper
from event_store.reader import Reader
from lms.chores import chores
from lms.composition import command_side
from lms.directory import directory_sync
from lms.directory_schedule import sync_again_and_again
from lms.logs import correlate
from lms.processes.background import work
from lms.settings import Settings
from lms.telemetry.collectors import FromDatabase, policy_metrics
from policies.chores import run_chores
from policies.equipment import Equipment
from policies.process import run_policies


def main(settings: Settings) -> None:
    """Runs until a signal."""
    correlate(current_correlation)
    work("policies", settings, lambda: _react(settings))


async def _react(settings: Settings) -> None:
    REGISTRY.register(FromDatabase(settings.read_database_url, policy_metrics))
    with command_side(settings) as side:
        mapper = Mapper(side.log.types, side.log.keys)
        equipment = Equipment(side.pool, Reader(side.pool), mapper.decode, side.dispatcher)
        with_directory = directory_sync(settings, side) is not None
        async with Connection(settings.nats_url, "policies") as nats, asyncio.TaskGroup() as tasks:
            tasks.create_task(run_policies(settings.write_database_url, equipment, nats))
            tasks.create_task(run_chores(chores(settings, side)))
            if with_directory:
                tasks.create_task(sync_again_and_again(settings, side))
