"""The way to the analytics process, which owns the DuckDB file."""

from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import Self

import aiohttp

from edge.correlation import CORRELATION_HEADER, current_caller
from edge.problem import Fault, ProblemError, unavailable

PATIENCE = 30.0
"""Seconds that an answer may take to begin."""
CHUNK = 64 * 1024
RETRY_AFTER = 2


class AnalyticsClient:
    """Asks the analytics process at `base_url` as one of our own processes.

    An async context manager. Its methods raise ProblemError (503) while the process is down.
    """

    def __init__(self, base_url: str, token: str) -> None:
        self._base_url = base_url
        self._token = token
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            base_url=self._base_url,
            headers={"Authorization": f"Bearer {self._token}"},
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=2.0, sock_read=PATIENCE),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def ask(self, path: str, body: Mapping[str, object], *, accept: str) -> "AnalyticsAnswer":
        """POST a question; the answer's head is there when this returns, its body still to come."""
        assert self._session is not None, "It isn't open."
        headers = {
            "Accept": accept,
            CORRELATION_HEADER.decode(): str(current_caller().correlation_id),
        }
        try:
            response = await self._session.post(path, json=body, headers=headers)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise ProblemError(_down()) from error
        if response.status >= 500:
            response.release()
            raise ProblemError(_down())
        return AnalyticsAnswer(response)


class AnalyticsAnswer:
    """An answer of the analytics process. Its body must be read, once."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.status = response.status
        self.media_type = response.headers.get("Content-Type", "application/json")

    async def body(self) -> bytes:
        """All of it."""
        async with self._response:
            return await self._response.read()

    async def chunks(self) -> AsyncIterator[bytes]:
        """As it comes; closing the iterator hangs up."""
        async with self._response:
            async for chunk in self._response.content.iter_chunked(CHUNK):
                yield chunk


def _down() -> Fault:
    return unavailable(
        "analytics-unavailable", "Analytics can't be asked just now.", retry_after=RETRY_AFTER
    )
