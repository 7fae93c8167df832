"""Servers for the tests of the edge: real ones, each in a thread of its own."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import uvicorn

Serve = Callable[[Any], str]


class Server:
    """Serves an ASGI app on a free port of the loopback address."""

    def __init__(self, app: Any) -> None:
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            proxy_headers=False,
            lifespan="on",
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        asyncio.run(self._server.serve([self._listener]))

    def begin_to_stop(self) -> None:
        self._server.should_exit = True

    def wait(self) -> None:
        self._thread.join()
        self._listener.close()


@contextmanager
def served(app: Any) -> Iterator[str]:
    """Serve an app for as long as the context lasts; the value is its URL."""
    server = Server(app)
    try:
        yield server.url
    finally:
        server.begin_to_stop()
        server.wait()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve apps until the end of the test."""
    servers: list[Server] = []

    def serve(app: Any) -> str:
        servers.append(Server(app))
        return servers[-1].url

    yield serve
    for server in reversed(servers):
        server.begin_to_stop()
    for server in servers:
        server.wait()


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=10) as client:
        yield client
