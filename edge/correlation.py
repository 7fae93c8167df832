"""Who calls, and the id by which everything done for that call can be found again.

The gateway or the API that first sees a request gives it a correlation id; logs, events and the
answer carry it.
"""

import os
from collections.abc import Iterable
from contextvars import ContextVar
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import NamedTuple
from uuid import UUID

from litestar.types import ASGIApp, Message, Receive, Scope, Send

CORRELATION_HEADER = b"x-correlation-id"
LOOPBACK = ("127.0.0.0/8", "::1/128")
USER_AGENT_LIMIT = 512


class Caller(NamedTuple):
    """What is known of the caller besides who it is: for logs and for the metadata of events."""

    correlation_id: UUID
    source_address: str | None
    user_agent: str | None


_caller: ContextVar[Caller] = ContextVar("caller")


def current_caller() -> Caller:
    """The caller of the request being handled; outside of any request, nobody under a new id."""
    caller = known_caller()
    if caller is None:
        caller = Caller(_new_id(), None, None)
        _caller.set(caller)
    return caller


def known_caller() -> Caller | None:
    """The caller of the request being handled; None outside of any request. For logs."""
    return _caller.get(None)


class TrustedPeers:
    """The networks whose `X-Forwarded-For` is believed: those of our own proxies."""

    def __init__(self, networks: Iterable[str] = LOOPBACK) -> None:
        self._networks = tuple(ip_network(network) for network in networks)
        self.trusts = lru_cache(maxsize=1024)(self._trusts)

    def _trusts(self, address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._networks)

    def source_address(self, peer: str | None, forwarded_for: str | None) -> str | None:
        """The nearest address that isn't one of our proxies, read from right to left."""
        if peer is None or forwarded_for is None or not self.trusts(peer):
            return peer
        hops = [hop.strip() for hop in forwarded_for.split(",")]
        for hop in reversed(hops):
            if not _is_address(hop):
                return peer
            if not self.trusts(hop):
                return hop
        return hops[0]


def identify(scope: Scope, peers: TrustedPeers) -> Caller:
    """Read the caller from a request's headers and make it the current one."""
    given = agent = forwarded = None
    for name, value in scope["headers"]:
        if name == CORRELATION_HEADER:
            given = value
        elif name == b"user-agent":
            agent = value.decode("latin-1")[:USER_AGENT_LIMIT]
        elif name == b"x-forwarded-for":
            # A proxy may add a line of its own instead of adding to the line that came.
            line = value.decode("latin-1")
            forwarded = line if forwarded is None else f"{forwarded}, {line}"
    client = scope.get("client")
    address = peers.source_address(client[0] if client else None, forwarded)
    caller = Caller(_parse_id(given) or _new_id(), address, agent)
    _caller.set(caller)
    return caller


class CorrelationMiddleware:
    """ASGI middleware: identifies the caller and answers the correlation id in a header."""

    def __init__(self, app: ASGIApp, peers: TrustedPeers) -> None:
        self._app = app
        self._peers = peers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        caller = identify(scope, self._peers)
        header = (CORRELATION_HEADER, str(caller.correlation_id).encode())

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], header]
            await send(message)

        await self._app(scope, receive, send_with_id)


def _new_id() -> UUID:
    return UUID(bytes=os.urandom(16), version=4)


def _parse_id(value: bytes | None) -> UUID | None:
    if value is None or len(value) != len("00000000-0000-0000-0000-000000000000"):
        return None
    try:
        return UUID(value.decode("ascii"))
    except ValueError:
        return None


@lru_cache(maxsize=1024)
def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
