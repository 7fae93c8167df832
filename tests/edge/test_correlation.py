"""Who calls, and by which id the call is found again."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.correlation import CorrelationMiddleware, TrustedPeers, current_caller
from tests.edge.conftest import Serve


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers what it knows of the caller."""
    if scope["type"] == "http":
        caller = current_caller()
        body = f"{caller.correlation_id} {caller.source_address} {caller.user_agent}".encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        await CorrelationMiddleware(echo, TrustedPeers())(scope, receive, send)
    else:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})


def test_a_correlation_id_is_taken_over_and_answered(serve: Serve, client: httpx.Client) -> None:
    given_id = str(uuid4())
    answer = client.get(serve(app), headers={"X-Correlation-Id": given_id})
    assert answer.text.startswith(given_id)
    assert answer.headers["x-correlation-id"] == given_id


@pytest.mark.parametrize("given_id", ["", "nonsense", "x" * 36, "\xe9" * 36])
def test_what_is_no_uuid_is_replaced(serve: Serve, client: httpx.Client, given_id: str) -> None:
    headers = [(b"X-Correlation-Id", given_id.encode("latin-1"))]
    answer = client.get(serve(app), headers=headers)
    assert UUID(answer.headers["x-correlation-id"]).version == 4


def test_each_request_has_an_id_of_its_own(serve: Serve, client: httpx.Client) -> None:
    url = serve(app)
    assert len({client.get(url).headers["x-correlation-id"] for _ in range(3)}) == 3


def test_the_caller_is_known_by_address_and_agent(serve: Serve, client: httpx.Client) -> None:
    headers = {"User-Agent": "tester", "X-Forwarded-For": "203.0.113.9, 127.0.0.1"}
    assert client.get(serve(app), headers=headers).text.endswith(" 203.0.113.9 tester")


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.5", "198.51.100.1", "203.0.113.5"),
        ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "spoofed, 198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "198.51.100.1, 127.0.0.2", "198.51.100.1"),
        ("127.0.0.1", "127.0.0.9, 127.0.0.2", "127.0.0.9"),
        ("127.0.0.1", "nonsense", "127.0.0.1"),
        ("::1", "2001:db8::1", "2001:db8::1"),
        ("127.0.0.1", None, "127.0.0.1"),
        (None, "198.51.100.1", None),
    ],
)
def test_only_our_own_proxies_are_believed(
    peer: str | None, forwarded: str | None, address: str | None
) -> None:
    assert TrustedPeers().source_address(peer, forwarded) == address


@given(st.text())
def test_no_header_breaks_the_search_for_an_address(forwarded: str) -> None:
    assert TrustedPeers().source_address("127.0.0.1", forwarded)
