"""How a process without a port works: one coroutine, cancelled by a signal, with a heartbeat."""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable

import uvloop

from lms.heartbeat import beat
from lms.settings import Settings


def work(process: str, settings: Settings, job: Callable[[], Awaitable[None]]) -> None:
    """Runs the job until it fails or a signal comes; the job is cancelled then, and may clean up.

    Raises what the job raised.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_work(process, settings, job))


async def _work(process: str, settings: Settings, job: Callable[[], Awaitable[None]]) -> None:
    task = asyncio.ensure_future(job())
    pulse = asyncio.create_task(beat(settings, process))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    try:
        with contextlib.suppress(asyncio.CancelledError):
            await task
    finally:
        pulse.cancel()
        await asyncio.gather(pulse, return_exceptions=True)
