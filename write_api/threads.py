"""Where blocking work of the write API runs."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, TypeVar

T = TypeVar("T")


class Threads:
    """As many threads as there are database connections: more would only wait for one."""

    def __init__(self, count: int) -> None:
        self._executor = ThreadPoolExecutor(count, thread_name_prefix="command")

    async def run(self, function: Callable[..., T], *args: Any) -> T:
        """Calls a blocking function without blocking the event loop, for the same caller."""
        loop, context = asyncio.get_running_loop(), copy_context()
        return await loop.run_in_executor(self._executor, context.run, function, *args)

    def close(self) -> None:
        """Waits for the calls under way."""
        self._executor.shutdown()
