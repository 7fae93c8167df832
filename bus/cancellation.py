"""nats-py swallows a cancellation that arrives while it flushes; it is made good here."""

from __future__ import annotations

import asyncio


def stop_if_cancelled() -> None:
    """Raise `CancelledError` if this task was asked to end, even if the request got lost.

    For loops that would otherwise never hear of it.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def end(task: asyncio.Task[None]) -> None:
    """Cancel a task until it ends."""
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=0.2)
