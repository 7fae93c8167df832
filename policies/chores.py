"""What is done again and again beside the policies: each chore on a thread, at its own pace."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import NamedTuple

from policies.reactor import OUT_OF_REACH

logger = logging.getLogger(__name__)

PAUSE_AFTER_FAILURE = 5.0


class Chore(NamedTuple):
    """`act` returns whether there is more to do at once; else it is called in `pause` seconds."""

    name: str
    pause: float
    act: Callable[[], bool]


async def run_chores(chores: Iterable[Chore]) -> None:
    """Runs until cancelled. A chore that fails is tried again; the others go on."""
    async with asyncio.TaskGroup() as tasks:
        for chore in chores:
            tasks.create_task(_repeat(chore))


async def _repeat(chore: Chore) -> None:
    while True:
        try:
            more = await asyncio.to_thread(chore.act)
        except OUT_OF_REACH as error:
            logger.warning("%s waits: %s", chore.name, type(error).__name__)
            await asyncio.sleep(PAUSE_AFTER_FAILURE)
        except Exception:
            logger.exception("%s failed", chore.name)
            await asyncio.sleep(PAUSE_AFTER_FAILURE)
        else:
            await asyncio.sleep(0 if more else chore.pause)
