"""Passing a request on to one of the APIs and its answer back, neither held in memory whole."""

import aiohttp
from litestar.types import HTTPScope, Receive, Send
from yarl import URL

from edge.exchange import Correction, Exchange

KEEP_ALIVE = 4.0
"""Seconds that an idle connection is kept: less than the five after which uvicorn closes it."""


class Upstream:
    """One of the APIs, at `base_url`, with a pool of connections to it.

    `patience` is how many seconds its answer may take to begin, once the request has been sent.
    """

    def __init__(self, name: str, base_url: str, *, patience: float = 30.0) -> None:
        self.name = name
        self.patience = patience
        self._base_url = base_url.rstrip("/")
        self._session: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        """The pool, made within the running event loop when it is first needed."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                auto_decompress=False,
                connector=aiohttp.TCPConnector(limit=1000, keepalive_timeout=KEEP_ALIVE),
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=2.0),
            )
        return self._session

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def fetch(self, path: str) -> bytes:
        """GET a document of the API itself. Raises OSError, aiohttp.ClientError, TimeoutError."""
        timeout = aiohttp.ClientTimeout(total=self.patience, sock_connect=2.0)
        async with self.session.get(self._base_url + path, timeout=timeout) as response:
            response.raise_for_status()
            return await response.read()

    async def forward(
        self,
        scope: HTTPScope,
        receive: Receive,
        send: Send,
        *,
        forwarded: list[tuple[str, str]],
        correct: Correction,
    ) -> None:
        """Pass the request on; `forwarded` are the headers that say on whose behalf.

        `correct` may replace an answer of 404 or 405. When the caller hangs up, so do we.
        """
        exchange = Exchange(self, scope, receive, send)
        try:
            await exchange.run(forwarded, correct)
        finally:
            exchange.stop()

    def url(self, scope: HTTPScope) -> URL:
        """Where the request goes: byte for byte the path and query that came."""
        raw_path = scope.get("raw_path") or scope["path"].encode()
        target = raw_path.partition(b"?")[0].decode("ascii", "replace")
        query = scope["query_string"].decode("ascii", "replace")
        return URL(f"{self._base_url}{target}{'?' if query else ''}{query}", encoded=True)
