"""Reading your own writes: a query waits until its read models have reached a position.

A command answers `Lms-Position`. Who sends that number as `Lms-Min-Position` with a query sees the
command's effect in the answer, or gets a 503 and may ask again.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Annotated

from litestar.params import HeaderParameter

from edge.faults import malformed_header
from edge.problem import ProblemError, unavailable

POSITION_HEADER = "Lms-Position"
MIN_POSITION_HEADER = "Lms-Min-Position"
MAX_POSITION = 2**63 - 1
_POSITION = re.compile(r"[0-9]{1,19}")

MinPosition = Annotated[
    str | None,
    HeaderParameter(
        name=MIN_POSITION_HEADER,
        description=(
            "Wait until the answer includes everything up to this position: the `Lms-Position` "
            "of an earlier command."
        ),
        schema_extra={"pattern": r"^[0-9]{1,19}$"},
    ),
]


def min_position(value: str | None) -> int | None:
    """Read `Lms-Min-Position`. Raises ProblemError: 400 when it isn't a position."""
    if value is None:
        return None
    if _POSITION.fullmatch(value) and (position := int(value)) <= MAX_POSITION:
        return position
    raise ProblemError(malformed_header(MIN_POSITION_HEADER, "It must be a position, a number."))


@dataclass(eq=False, slots=True)
class _Wait:
    projections: Collection[str]
    minimum: int
    reached: asyncio.Future[None]


class PositionWaiter:
    """Waits for projections. One per process: however many wait, one query asks for positions.

    `fetch_positions` answers the position that each projection, by name, has applied. It is called
    every `interval` seconds, and only while somebody waits. What it raises, those who wait get.
    """

    def __init__(
        self,
        fetch_positions: Callable[[], Awaitable[Mapping[str, int]]],
        *,
        interval: float = 0.01,
        patience: float = 2.0,
    ) -> None:
        self._fetch_positions = fetch_positions
        self._interval = interval
        self._patience = patience
        self._seen: Mapping[str, int] = {}
        self._waits: set[_Wait] = set()
        self._poll: asyncio.Task[None] | None = None

    async def wait(self, projections: Collection[str], minimum: int | None) -> None:
        """Return once each of the projections has reached `minimum`, at once when it is None.

        Raises ProblemError (503 with `Retry-After`) when that takes longer than the patience.
        """
        if minimum is None or _reached(self._seen, projections, minimum):
            return
        wait = _Wait(projections, minimum, asyncio.get_running_loop().create_future())
        self._waits.add(wait)
        self._ensure_polling()
        try:
            async with asyncio.timeout(self._patience):
                await wait.reached
        except TimeoutError:
            detail = f"The answer doesn't include position {minimum} yet."
            raise ProblemError(unavailable("not-caught-up", detail)) from None
        finally:
            self._waits.discard(wait)

    def _ensure_polling(self) -> None:
        if self._poll is None or self._poll.done():
            self._poll = asyncio.create_task(self._poll_while_awaited())

    async def _poll_while_awaited(self) -> None:
        while self._waits:
            try:
                self._seen = await self._fetch_positions()
            except Exception as error:  # noqa: BLE001 -- it belongs to those who wait
                self._fail(error)
                return
            self._release()
            await asyncio.sleep(self._interval)

    def _release(self) -> None:
        for wait in list(self._waits):
            if _reached(self._seen, wait.projections, wait.minimum):
                self._waits.discard(wait)
                if not wait.reached.done():
                    wait.reached.set_result(None)

    def _fail(self, error: Exception) -> None:
        waits, self._waits = self._waits, set()
        for wait in waits:
            if not wait.reached.done():
                wait.reached.set_exception(error)


def _reached(seen: Mapping[str, int], projections: Collection[str], minimum: int) -> bool:
    return all(seen.get(name, -1) >= minimum for name in projections)
