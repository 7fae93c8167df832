"""The gateway in front of real servers: what it passes on, and what it answers when they fail."""

import socket
import threading
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from prometheus_client import CollectorRegistry

from edge import upstream
from edge.gateway import gateway
from edge.metrics import RequestMetrics
from tests.edge.conftest import Serve
from tests.edge.upstreams import CHUNK, Upstream


def gateway_to(read_url: str, write_url: str, *, patience: float = 10.0, **options: Any) -> Any:
    return gateway(
        read_api=upstream.Upstream("read API", read_url, patience=patience),
        write_api=upstream.Upstream("write API", write_url, patience=patience),
        title="LMS",
        version="1",
        metrics=RequestMetrics(CollectorRegistry()),
        **options,
    )


class Stack:
    """A read API, a write API and the gateway before them."""

    def __init__(self, serve: Serve, client: httpx.Client) -> None:
        self.read, self.write = Upstream("read"), Upstream("write")
        self.url = serve(gateway_to(serve(self.read), serve(self.write), patience=5.0))
        self._client = client

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self._client.request(method, self.url + path, **options)


@pytest.fixture
def stack(serve: Serve, client: httpx.Client) -> Stack:
    return Stack(serve, client)


@pytest.mark.parametrize(
    ("method", "name"),
    [("GET", "read"), ("POST", "write"), ("PUT", "write"), ("PATCH", "write"), ("DELETE", "write")],
)
def test_reads_go_to_the_read_api_and_the_rest_to_the_write_api(
    stack: Stack, method: str, name: str
) -> None:
    seen = stack.request(method, "/echo").json()
    assert (seen["name"], seen["method"]) == (name, method)


def test_a_head_goes_to_the_read_api(stack: Stack) -> None:
    answer = stack.request("HEAD", "/echo")
    assert (answer.status_code, answer.content) == (200, b"")
    assert stack.read.reached.is_set()


def test_a_path_may_be_read_from_the_write_api(serve: Serve, client: httpx.Client) -> None:
    app = gateway_to(
        serve(Upstream("read")), serve(Upstream("write")), reads_on_write_api=frozenset({"/keys"})
    )
    assert client.get(serve(app) + "/keys").json()["name"] == "write"


def test_path_and_query_arrive_byte_for_byte(stack: Stack) -> None:
    seen = stack.request("GET", "/a%2Fb/%E2%82%AC/c+d;e?q=%20+%2B&q=&x=%25").json()
    assert seen["path"].partition("?")[0] == "/a%2Fb/%E2%82%AC/c+d;e"
    assert seen["query"] == "q=%20+%2B&q=&x=%25"


def test_headers_say_on_whose_behalf_and_hop_by_hop_ones_stay_behind(stack: Stack) -> None:
    sent = {
        "Authorization": "Bearer token",
        "X-Forwarded-For": "10.9.9.9",
        "X-Forwarded-Proto": "https",
        "X-Correlation-Id": str(uuid4()),
        "Connection": "keep-alive, X-Private",
        "X-Private": "1",
        "TE": "trailers",
    }
    answer = stack.request("POST", "/echo", headers=sent, content=b"body")
    seen = dict(answer.json()["headers"])
    assert seen["authorization"] == "Bearer token"
    assert seen["x-forwarded-for"] == "127.0.0.1"
    assert seen["x-forwarded-proto"] == "http"
    assert f"http://{seen['x-forwarded-host']}" == stack.url
    assert seen["x-correlation-id"] == sent["X-Correlation-Id"]
    assert seen["content-length"] == "4"
    assert not seen.keys() & {"x-private", "te", "connection", "transfer-encoding"}
    assert answer.headers.get_list("x-correlation-id") == [sent["X-Correlation-Id"]]
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert "x-hop" not in answer.headers
    assert len(answer.headers.get_list("date")) == 1


def test_a_large_body_goes_up_in_pieces(stack: Stack) -> None:
    def body() -> Iterator[bytes]:
        yield from (CHUNK for _ in range(160))

    assert stack.request("POST", "/echo", content=body()).json()["received"] == 160 * len(CHUNK)


def test_a_large_answer_comes_down_whole(stack: Stack) -> None:
    assert len(stack.request("GET", "/large").content) == 1600 * len(CHUNK)


def test_an_event_arrives_before_the_next_one_happens(stack: Stack) -> None:
    with httpx.stream("GET", stack.url + "/events", timeout=10) as answer:
        chunks = answer.iter_raw()
        assert next(chunks) == b"data: 1\n\n"
        stack.read.proceed.set()
        assert next(chunks) == b"data: 2\n\n"


def test_a_caller_who_leaves_ends_the_request_behind(stack: Stack) -> None:
    host, _, port = stack.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as caller:
        caller.sendall(b"POST /hang HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        assert stack.write.reached.wait(10)
    assert stack.write.cancelled.wait(10)


def test_an_api_that_is_down_is_503_to_be_retried(serve: Serve, client: httpx.Client) -> None:
    url = serve(gateway_to(_nobody(), _nobody()))
    for method in ("GET", "POST"):
        answer = client.request(method, url + "/echo")
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert int(answer.headers["retry-after"]) > 0
        assert answer.json()["correlation_id"] == answer.headers["x-correlation-id"]


def test_an_api_that_does_not_answer_in_time_is_504(serve: Serve, client: httpx.Client) -> None:
    slow = Upstream("slow")
    url = serve(gateway_to(serve(slow), serve(Upstream("write")), patience=0.2))
    answer = client.get(url + "/hang")
    assert (answer.status_code, answer.json()["type"]) == (504, "/problems/upstream-timeout")
    assert slow.cancelled.wait(10)


def test_an_answer_that_breaks_off_is_broken_off_for_the_caller(stack: Stack) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        stack.request("GET", "/half")


def test_a_short_answer_that_breaks_off_is_503_to_be_repeated(stack: Stack) -> None:
    answer = stack.request("PATCH", "/cut")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert answer.json()["type"] == "/problems/upstream-unavailable"


def test_the_gateway_lives_while_the_apis_are_down(serve: Serve, client: httpx.Client) -> None:
    url = serve(gateway_to(_nobody(), _nobody()))
    assert client.get(url + "/health/live").json()["status"] == "live"
    ready = client.get(url + "/health/ready")
    assert ready.status_code == 503
    assert {error["field"] for error in ready.json()["errors"]} == {"read API", "write API"}
    assert client.get(url + "/openapi.json").status_code == 503
    assert client.get(url + "/docs").status_code == 200


def test_the_gateway_is_ready_when_both_apis_are(stack: Stack) -> None:
    answer = stack.request("GET", "/health/ready")
    assert answer.json() == {"status": "ready", "parts": ["read API", "write API"]}


class Restarting:
    """A server that answers once per connection, keeps it, and closes it on the next request."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self.requests.append(connection.recv(65536).split(b" ", 1)[0])
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                self.requests.append(connection.recv(65536).split(b" ", 1)[0])

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def restarting() -> Iterator[Restarting]:
    server = Restarting()
    yield server
    server.close()


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("GET", {}, 200),
        ("DELETE", {}, 200),
        ("PATCH", {"Idempotency-Key": "key"}, 200),
        ("PATCH", {}, 503),
    ],
)
def test_what_meets_a_closing_connection_is_repeated_only_when_that_is_safe(
    serve: Serve,
    client: httpx.Client,
    restarting: Restarting,
    method: str,
    headers: dict[str, str],
    status: int,
) -> None:
    url = serve(gateway_to(restarting.url, restarting.url)) + "/echo"
    assert client.request(method, url, headers=headers, content=b"body").status_code == 200
    answer = client.request(method, url, headers=headers, content=b"body")
    assert answer.status_code == status
    assert len(restarting.requests) >= (3 if status == 200 else 2)


def _nobody() -> str:
    """A URL where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"
