"""Pauses that grow while something keeps failing."""

from __future__ import annotations

import asyncio


class Pause:
    """Seconds from `first`, doubling up to `longest`, until `reset`."""

    def __init__(self, first: float, longest: float) -> None:
        self._first = first
        self._longest = longest
        self._next = first

    @property
    def is_fresh(self) -> bool:
        """True until the first step after a reset: the moment to log."""
        return self._next == self._first

    def step(self) -> float:
        """This pause's length in seconds; the next one is longer."""
        current = self._next
        self._next = min(current * 2, self._longest)
        return current

    def reset(self) -> None:
        self._next = self._first

    async def sleep(self) -> None:
        await asyncio.sleep(self.step())
