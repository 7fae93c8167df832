"""One document of two APIs."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from edge.merged_openapi import OpenAPIConflict, merge, routes_in
from tests.edge.conftest import served
from tests.edge.shelf import BOOK, WITH_TOKEN, Reading, Writing, enter, shelf_api
from tests.edge.test_gateway import gateway_to


def document(paths: dict[str, Any], **schemas: Any) -> dict[str, Any]:
    return {"paths": paths, "components": {"schemas": schemas}}


def merged(write: dict[str, Any], read: dict[str, Any]) -> dict[str, Any]:
    return merge({"write": write, "read": read}, title="LMS", version="1")


GET = {"get": {"operationId": "GetIt"}}
POST = {"post": {"operationId": "PostIt"}}


def test_a_path_gets_the_methods_of_both() -> None:
    paths = merged(document({"/a": POST}), document({"/a": GET}))["paths"]
    assert paths["/a"] == GET | POST


def test_the_order_of_the_sources_makes_no_difference() -> None:
    one, other = document({"/b": POST}, B={}), document({"/a": GET}, A={})
    assert json.dumps(merged(one, other)) == json.dumps(merged(other, one))


def test_one_component_may_be_in_both() -> None:
    same = {"type": "string"}
    schemas = merged(document({}, A=same), document({}, A=same))["components"]["schemas"]
    assert schemas["A"] == same


@pytest.mark.parametrize(
    ("write", "read"),
    [
        (document({}, A={"type": "string"}), document({}, A={"type": "integer"})),
        (document({"/a": GET}), document({"/a": GET})),
        (document({"/a/{id}": POST}), document({"/a/{a_id}": GET})),
        (document({"/a": GET}), document({"/b": GET})),
    ],
    ids=["component", "operation", "parameter", "operation id"],
)
def test_a_conflict_is_an_error(write: dict[str, Any], read: dict[str, Any]) -> None:
    with pytest.raises(OpenAPIConflict):
        merged(write, read)


def test_a_literal_path_wins_over_a_template() -> None:
    routes = routes_in(document({"/a/{id}": GET, "/a/b": POST}))
    assert routes.methods("/a/b") == {"POST", "OPTIONS"}
    assert routes.methods("/a/c") == {"GET", "HEAD", "OPTIONS"}
    assert routes.methods("/a/c/d") == set()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with (
        served(shelf_api(Reading)) as read_api,
        served(shelf_api(Writing, enter)) as write_api,
        served(gateway_to(read_api, write_api)) as url,
    ):
        yield url


def test_the_gateway_serves_one_document(url: str, client: httpx.Client) -> None:
    answer = client.get(url + "/openapi.json")
    found = answer.json()
    assert answer.status_code == 200
    assert found["openapi"].startswith("3.1")
    assert found["paths"]["/books"].keys() == {"get", "post"}
    assert {"/health/live", "/health/ready", "/enter"} <= found["paths"].keys()
    assert found["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


def test_every_reference_in_the_document_leads_somewhere(url: str, client: httpx.Client) -> None:
    found = client.get(url + "/openapi.json").json()
    for reference in _references(found):
        target = found
        for part in reference.removeprefix("#/").split("/"):
            target = target[part]


def test_an_operation_documents_the_problems_it_can_have(url: str, client: httpx.Client) -> None:
    paths = client.get(url + "/openapi.json").json()["paths"]
    statuses = {
        operation["operationId"]: {int(status) for status in operation["responses"]}
        for item in paths.values()
        for operation in item.values()
    }
    assert statuses["ListBooks"] == {200, 400, 401, 403, 422, 503}
    assert statuses["GetBook"] == {200, 304, 400, 401, 403, 404, 422, 503}
    assert statuses["AddBook"] == {201, 400, 401, 403, 404, 409, 413, 415, 422, 503}
    assert 412 in statuses["ChangeBook"]
    assert 429 in statuses["Enter"]
    assert not statuses["Enter"] & {401, 403}
    assert paths["/enter"]["post"]["security"] == []


def test_a_closed_struct_is_documented_as_closed(url: str, client: httpx.Client) -> None:
    schemas = client.get(url + "/openapi.json").json()["components"]["schemas"]
    assert schemas["NewBook"]["additionalProperties"] is False
    assert schemas["Chapter"]["additionalProperties"] is False
    assert "additionalProperties" not in schemas["Book"]
    assert "BookPage" in schemas


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_method_that_neither_api_has_is_405_with_those_of_both(
    url: str, client: httpx.Client, method: str
) -> None:
    wrong = client.request(method, url + "/enter", headers=WITH_TOKEN)
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "OPTIONS, POST")
    both = client.request("DELETE", f"{url}/books/{BOOK}", headers=WITH_TOKEN)
    assert (both.status_code, both.headers["allow"]) == (405, "GET, HEAD, OPTIONS, PATCH")


def test_what_neither_api_knows_is_404(url: str, client: httpx.Client) -> None:
    for method in ("GET", "POST", "OPTIONS"):
        assert client.request(method, url + "/nowhere").status_code == 404


def test_options_says_what_both_apis_allow(url: str, client: httpx.Client) -> None:
    answer = client.options(url + "/books")
    assert (answer.status_code, answer.headers["allow"]) == (204, "GET, HEAD, OPTIONS, POST")


def test_the_page_needs_nothing_from_elsewhere(url: str, client: httpx.Client) -> None:
    page = client.get(url + "/docs")
    assert page.status_code == 200
    assert "//" not in page.text.replace("<!doctype html>", "")
    for asset in ("swagger-ui.css", "swagger-ui-bundle.js", "start.js", "favicon-32x32.png"):
        assert client.get(f"{url}/docs/{asset}").status_code == 200
        assert f"/docs/{asset}" in page.text
    assert client.get(url + "/docs/../pyproject.toml").status_code == 404
    assert client.get(url + "/docs/%2e%2e/index.html").status_code == 404


def test_a_body_too_large_is_refused_by_the_api_through_the_gateway(
    url: str, client: httpx.Client
) -> None:
    headers = WITH_TOKEN | {"Content-Type": "application/json"}
    for body in (b'"' + b"x" * 5_000_000 + b'"', iter([b'"', *[b"x" * 65536] * 80, b'"'])):
        answer = client.post(url + "/books", content=body, headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (413, "/problems/body-too-large")


def _references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [found for value in node.values() for found in _references(value)]
    if isinstance(node, list):
        return [found for value in node for found in _references(value)]
    return []
