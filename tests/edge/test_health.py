"""Health and metrics of an API."""

import asyncio

import httpx
from prometheus_client import CollectorRegistry

from edge.metrics import RequestMetrics
from tests.edge.conftest import Serve
from tests.edge.shelf import WITH_TOKEN, always_ready, shelf_api


async def broken() -> None:
    raise ConnectionError("postgres://secret@db failed")


async def silent() -> None:
    await asyncio.Event().wait()


def test_an_api_is_ready_when_all_its_parts_are(serve: Serve, client: httpx.Client) -> None:
    url = serve(shelf_api(checks={"database": always_ready, "read models": always_ready}))
    assert client.get(url + "/health/ready").json() == {
        "status": "ready",
        "parts": ["database", "read models"],
    }


def test_what_is_not_ready_is_named_without_secrets(serve: Serve, client: httpx.Client) -> None:
    url = serve(shelf_api(checks={"database": broken, "bus": always_ready, "keys": silent}))
    answer = client.get(url + "/health/ready")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert [error["field"] for error in answer.json()["errors"]] == ["database", "keys"]
    assert "secret" not in answer.text
    assert client.get(url + "/health/live").status_code == 200


def test_requests_are_counted_by_route_not_by_path(serve: Serve, client: httpx.Client) -> None:
    registry = CollectorRegistry()
    metrics = RequestMetrics(registry)
    url = serve(shelf_api(metrics=metrics))
    for path in ("/books/broken", "/books/no-uuid", "/nowhere"):
        client.get(url + path, headers=WITH_TOKEN)
    client.request("PROPFIND", url + "/books")
    # A request is counted once it is over; by the time of the next one, it is.
    client.get(url + "/health/live")

    def count(route: str, status: str, method: str = "GET") -> float | None:
        labels = {"method": method, "route": route, "status": status}
        return registry.get_sample_value("lms_http_request_seconds_count", labels)

    assert count("/books/broken", "500") == 1
    assert count("none", "404") == 2
    assert count("none", "405", method="other") == 1
