"""The way to the analytics process, which owns the DuckDB file."""

from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Self

import aiohttp
import msgspec

from edge.correlation import CORRELATION_HEADER, current_caller
from edge.problem import Fault, ProblemError, unavailable

PATIENCE = 40.0
"""Seconds that an answer may take to begin: more than a query may run."""
CHUNK = 64 * 1024
RETRY_AFTER = 2
JSON = "application/json"


class _Problem(msgspec.Struct, frozen=True):
    type: str
    detail: str


class AnalyticsClient:
    """Asks the analytics process at `base_url` as one of our own processes.

    An async context manager.
    """

    def __init__(self, base_url: str, token: str) -> None:
        self._base_url = base_url
        self._token = token
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            base_url=self._base_url,
            headers={"Authorization": f"Bearer {self._token}", "Content-Type": JSON},
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

    async def ask(
        self, path: str, question: Mapping[str, object], *, accept: str = JSON
    ) -> "AnalyticsAnswer":
        """POST a question. The answer's head is there when this returns, its body still to come.

        Raises ProblemError: 422 when the question is refused, 503 while the process is down.
        """
        assert self._session is not None, "It isn't open."
        correlation_id = str(current_caller().correlation_id)
        try:
            response = await self._session.post(
                path,
                data=msgspec.json.encode(question),
                headers={"Accept": accept, CORRELATION_HEADER.decode(): correlation_id},
            )
            if response.status != HTTPStatus.OK:
                raise ProblemError(await _fault(response))
        except (aiohttp.ClientError, OSError) as error:
            raise ProblemError(_down()) from error
        return AnalyticsAnswer(response)


class AnalyticsAnswer:
    """An answer of the analytics process, to be read once."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.headers: Mapping[str, str] = response.headers
        self.media_type = response.content_type

    async def body(self) -> bytes:
        """All of it. Raises ProblemError (503) when it breaks off."""
        try:
            async with self._response:
                return await self._response.read()
        except (aiohttp.ClientError, OSError) as error:
            raise ProblemError(_down()) from error

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes. Closing the iterator hangs up."""
        async with self._response:
            async for chunk in self._response.content.iter_chunked(CHUNK):
                yield chunk


async def _fault(response: aiohttp.ClientResponse) -> Fault:
    async with response:
        body = await response.read()
    if response.status != HTTPStatus.UNPROCESSABLE_ENTITY:
        return _down()
    problem = msgspec.json.decode(body, type=_Problem)
    return Fault(status=422, code=problem.type.rpartition("/")[2], detail=problem.detail)


def _down() -> Fault:
    return unavailable(
        "analytics-unavailable", "Analytics can't be asked just now.", retry_after=RETRY_AFTER
    )
