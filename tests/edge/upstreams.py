"""APIs to stand behind the gateway that are slow, large, endless or broken on demand."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from typing import Any

CHUNK = b"x" * 65536


class Upstream:
    """A plain ASGI app: the path says what it does; what it saw can be looked up."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.cancelled = threading.Event()
        self.reached = threading.Event()
        self.proceed = threading.Event()
        self.received = 0
        self._routes: dict[str, Callable[..., Awaitable[None]]] = {
            "/echo": self._echo,
            "/large": self._large,
            "/events": self._events,
            "/hang": self._hang,
            "/half": self._half,
            "/cut": self._cut,
        }

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        self.reached.set()
        route = self._routes.get(scope["path"])
        await (self._echo if route is None else route)(scope, receive, send)

    async def _echo(self, scope: Any, receive: Any, send: Any) -> None:
        self.received, more = 0, True
        while more:
            message = await receive()
            more = message.get("more_body", False)
            self.received += len(message.get("body", b""))
        seen = {
            "name": self.name,
            "method": scope["method"],
            "path": scope["raw_path"].decode(),
            "query": scope["query_string"].decode(),
            "headers": [[n.decode(), v.decode()] for n, v in scope["headers"]],
            "received": self.received,
        }
        headers = [
            (b"content-type", b"application/json"),
            (b"set-cookie", b"a=1"),
            (b"set-cookie", b"b=2"),
            (b"connection", b"x-hop"),
            (b"x-hop", b"1"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(seen).encode()})

    async def _large(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(1600):
            await send({"type": "http.response.body", "body": CHUNK, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def _events(self, scope: Any, receive: Any, send: Any) -> None:
        """One event, and another when told so."""
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True})
        await asyncio.to_thread(self.proceed.wait, 10)
        await send({"type": "http.response.body", "body": b"data: 2\n\n"})

    async def _hang(self, scope: Any, receive: Any, send: Any) -> None:
        """Never answers; notes when the other side gives up."""
        while (await receive())["type"] != "http.disconnect":
            pass
        self.cancelled.set()

    async def _half(self, scope: Any, receive: Any, send: Any) -> None:
        """Promises more than it sends."""
        headers = [(b"content-length", b"1000000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": CHUNK, "more_body": True})

    async def _cut(self, scope: Any, receive: Any, send: Any) -> None:
        """Dies within a short answer, after its head."""
        headers = [(b"content-length", b"10")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"cut", "more_body": True})
