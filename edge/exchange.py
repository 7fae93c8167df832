"""One request on its way through the gateway: the body up, the answer down, chunk by chunk."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any, Protocol

import aiohttp
from litestar.types import HTTPScope, Receive, Send
from yarl import URL

from edge.correlation import CORRELATION_HEADER, current_caller
from edge.problem import Fault, send_problem, unavailable

log = logging.getLogger(__name__)

WHOLE_ANSWER = 64 * 1024
"""An answer known to be no larger than this many bytes is sent on in one piece."""
WATCH_AFTER = 0.1
"""Seconds after which we look whether the caller still waits; most requests are over by then."""

_HOP_BY_HOP = {
    b"connection",
    b"keep-alive",
    b"proxy-authenticate",
    b"proxy-authorization",
    b"proxy-connection",
    b"te",
    b"trailer",
    b"transfer-encoding",
    b"upgrade",
}
_NOT_PASSED_ON = _HOP_BY_HOP | {
    CORRELATION_HEADER,
    b"expect",
    b"forwarded",
    b"host",
    b"x-forwarded-for",
    b"x-forwarded-host",
    b"x-forwarded-proto",
}
_NOT_PASSED_BACK = _HOP_BY_HOP | {CORRELATION_HEADER, b"date", b"server"}

Correction = Callable[[HTTPScope], Awaitable[Fault | None]]
"""Answers the fault to send instead of a 404 or 405, if any."""
Body = bytes | AsyncIterator[bytes] | None


class Target(Protocol):
    """Where a request is passed on to."""

    @property
    def name(self) -> str:
        """What it is called in problems."""

    @property
    def patience(self) -> float:
        """Seconds that its answer may take to begin."""

    @property
    def session(self) -> aiohttp.ClientSession:
        """The connections to it."""

    def url(self, scope: HTTPScope) -> URL:
        """The address that a request has there."""


class Exchange:
    """The state of one request. `run` once, then `stop` in any case."""

    def __init__(self, target: Target, scope: HTTPScope, receive: Receive, send: Send) -> None:
        self._target = target
        self._scope = scope
        self._receive = receive
        self._send = send
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self._timers: list[asyncio.TimerHandle] = []
        self._watcher: asyncio.Task[None] | None = None
        self._caller_left = False
        self._too_slow = False
        self._answering = False
        self._finished = False

    async def run(self, forwarded: Iterable[tuple[str, str]], correct: Correction) -> None:
        """Pass the request on and its answer back, or answer what went wrong."""
        try:
            body = await self._read_body()
            if not self._caller_left:
                response = await self._request([*_passed_on(self._scope), *forwarded], body)
                async with response:
                    await self._answer(response, correct)
        except asyncio.CancelledError:
            if self._task is None or not (self._caller_left or self._too_slow):
                raise
            self._task.uncancel()
            if self._too_slow:
                await self._fail(_too_slow(self._target.name), None)
        except (aiohttp.ClientError, OSError) as error:
            if not self._caller_left:
                await self._fail(_fault_of(error, self._target.name), error)

    def stop(self) -> None:
        """Let go of timers and the watch on the caller."""
        self._finished = True
        for timer in self._timers:
            timer.cancel()
        if self._watcher is not None:
            self._watcher.cancel()

    async def _read_body(self) -> Body:
        """The body whole when it came in one piece, as short ones do, else as it comes."""
        message: Any = await self._receive()
        if message["type"] == "http.disconnect":
            self._caller_left = True
            return None
        if message.get("more_body"):
            return self._upload(message["body"])
        self._wait_for_answer()
        return message.get("body") or None

    async def _upload(self, chunk: bytes) -> AsyncIterator[bytes]:
        more = True
        while more:
            yield chunk
            message: Any = await self._receive()
            if message["type"] == "http.disconnect":
                self._caller_left = True
                raise ConnectionResetError("The caller left before the end of the body.")
            chunk, more = message["body"], message.get("more_body", False)
        yield chunk
        self._wait_for_answer()

    def _wait_for_answer(self) -> None:
        """The body is sent: from now on the answer may be late, and the caller may go."""
        if self._finished:
            return
        self._timers.append(self._loop.call_later(WATCH_AFTER, self._watch))
        if not self._answering:
            self._timers.append(self._loop.call_later(self._target.patience, self._give_up))

    def _give_up(self) -> None:
        if not self._answering and self._task is not None:
            self._too_slow = True
            self._task.cancel()

    def _watch(self) -> None:
        self._watcher = self._loop.create_task(self._cancel_when_caller_leaves())

    async def _cancel_when_caller_leaves(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if not self._finished and self._task is not None:
            self._caller_left = True
            self._task.cancel()

    async def _request(self, headers: list[tuple[str, str]], body: Body) -> aiohttp.ClientResponse:
        """Send the request and wait for the head of the answer.

        A kept connection may be closed under us, as by a restart. What does no harm twice is sent
        twice then; aiohttp does so itself for methods that are idempotent.
        """
        attempts = 2 if _has_idempotency_key(self._scope) and isinstance(body, bytes | None) else 1
        while True:
            attempts -= 1
            try:
                return await self._target.session.request(
                    self._scope["method"],
                    self._target.url(self._scope),
                    headers=headers,
                    data=body,
                    allow_redirects=False,
                )
            except aiohttp.ClientConnectorError:
                raise
            except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
                if not attempts:
                    raise

    async def _answer(self, response: aiohttp.ClientResponse, correct: Correction) -> None:
        if response.status in {404, 405} and (fault := await correct(self._scope)):
            await self._fail(fault, None)
            return
        length = response.content_length
        whole = length is not None and length <= WHOLE_ANSWER
        first = await response.content.read() if whole else b""
        self._answering = True
        await self._send(
            {
                "type": "http.response.start",
                "status": response.status,
                "headers": _passed_back(response.raw_headers),
            }
        )
        if not whole:
            async for chunk in response.content.iter_any():
                await self._send({"type": "http.response.body", "body": chunk, "more_body": True})
        self._finished = True
        await self._send({"type": "http.response.body", "body": first, "more_body": False})

    async def _fail(self, fault: Fault, error: Exception | None) -> None:
        """Answer a problem; an answer that has begun can only be broken off."""
        correlation_id = str(current_caller().correlation_id)
        if error is not None:
            extra = {"correlation_id": correlation_id}
            log.warning("%s: %s", self._target.name, error, extra=extra)
        if self._answering:
            return
        self._answering = self._finished = True
        await send_problem(fault, self._scope, self._send)


def _passed_on(scope: HTTPScope) -> list[tuple[str, str]]:
    named = _named_by_connection(scope["headers"])
    headers = [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in scope["headers"]
        if name not in _NOT_PASSED_ON and name not in named
    ]
    headers.append(("x-correlation-id", str(current_caller().correlation_id)))
    return headers


def _passed_back(raw: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    headers = [(name.lower(), value) for name, value in raw]
    named = _named_by_connection(headers)
    return [
        (name, value)
        for name, value in headers
        if name not in _NOT_PASSED_BACK and name not in named
    ]


def _named_by_connection(headers: Iterable[tuple[bytes, bytes]]) -> set[bytes]:
    """The headers that `Connection` says are for the next hop only."""
    return {
        option.strip().lower()
        for name, value in headers
        if name == b"connection"
        for option in value.split(b",")
    }


def _has_idempotency_key(scope: HTTPScope) -> bool:
    return any(name == b"idempotency-key" for name, _ in scope["headers"])


def _fault_of(error: Exception, name: str) -> Fault:
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ServerTimeoutError):
        return unavailable("upstream-unavailable", f"The {name} can't be reached just now.")
    return unavailable(
        "upstream-unavailable",
        f"The {name} broke off, so it isn't known whether the request was carried out. "
        "Repeat it with its Idempotency-Key, or look first.",
    )


def _too_slow(name: str) -> Fault:
    return Fault(
        status=504,
        code="upstream-timeout",
        detail=f"The {name} took too long to answer; it may still carry the request out.",
    )
