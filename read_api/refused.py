"""What this process has refused: counted in memory, told to the write API in sums.

Answers never wait for it. What can't be told yet is kept; what is counted when the process is
killed, in its last seconds, is lost.
"""

import asyncio
import logging
from collections import Counter
from contextlib import suppress
from threading import Lock
from types import TracebackType
from typing import Final, NamedTuple, Self
from uuid import UUID

import aiohttp
import msgspec

PATH: Final = "/refusals"
PAUSE: Final = 3.0
"""Seconds between two sums."""
PATIENCE: Final = 5.0
"""Seconds that telling one may take."""
MOST_KINDS: Final = 1_000
"""More people and addresses than that between two sums are counted together."""

logger = logging.getLogger(__name__)


class Refused(NamedTuple):
    """`act` is one of those that the write API takes; whose it was, as far as that is known."""

    act: str
    address: str | None = None
    learner_id: UUID | None = None


class RefusedHere:
    """Tells the write API at `base_url`, as one of our own processes. An async context manager."""

    def __init__(self, base_url: str, token: str, *, pause: float = PAUSE) -> None:
        self._base_url = base_url
        self._token = token
        self._pause = pause
        self._lock = Lock()
        self._counted: Counter[Refused] = Counter()
        self._session: aiohttp.ClientSession | None = None
        self._telling: asyncio.Task[None] | None = None

    def count_token(self, address: str | None) -> None:
        """An access token that proves nothing. Thread-safe; never blocks."""
        self.count(Refused("access-token", address))

    def count(self, refused: Refused, number: int = 1) -> None:
        """So many more of these. Thread-safe; never blocks."""
        with self._lock:
            is_new = refused not in self._counted
            if is_new and len(self._counted) >= MOST_KINDS:
                refused = Refused(refused.act)
            self._counted[refused] += number

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            base_url=self._base_url,
            headers={"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"},
            timeout=aiohttp.ClientTimeout(total=PATIENCE, sock_connect=1.0),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        self._telling = asyncio.create_task(self._tell_again_and_again())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._telling is not None
        assert self._session is not None
        self._telling.cancel()
        with suppress(asyncio.CancelledError):
            await self._telling
        await self.tell()
        await self._session.close()

    async def tell(self) -> None:
        """Tells what has been counted since the last time; keeps it when that fails."""
        with self._lock:
            counted, self._counted = self._counted, Counter()
        told = False
        try:
            told = not counted or await self._post(counted)
        except (aiohttp.ClientError, OSError, TimeoutError):
            pass
        finally:
            if not told:
                logger.warning("%d refusals can't be told yet", counted.total())
                for refused, number in counted.items():
                    self.count(refused, number)

    async def _tell_again_and_again(self) -> None:
        while True:
            await asyncio.sleep(self._pause)
            await self.tell()

    async def _post(self, counted: Counter[Refused]) -> bool:
        assert self._session is not None
        items = [each._asdict() | {"number": number} for each, number in counted.items()]
        body = msgspec.json.encode({"items": items})
        async with self._session.post(PATH, data=body) as answer:
            return answer.status == 204
