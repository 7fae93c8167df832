"""Whatever is wrong with a request is told in one form, with the field at fault."""

import json
import logging
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.edge.conftest import served
from tests.edge.shelf import BOOK, WITH_TOKEN, shelf_api

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def shelf() -> Iterator[httpx.Client]:
    with served(shelf_api()) as url, httpx.Client(base_url=url, headers=WITH_TOKEN) as client:
        yield client


def problem(answer: httpx.Response) -> Any:
    """The body, after a look at what every problem has."""
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["type"].startswith("/problems/")
    assert body["title"]
    assert body["detail"]
    assert body["instance"]
    assert UUID(body["correlation_id"]) == UUID(answer.headers["x-correlation-id"])
    assert len(answer.headers.get_list("x-correlation-id")) == 1
    return body


def fields(answer: httpx.Response) -> list[str]:
    return [error["field"] for error in problem(answer)["errors"]]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"title": "A", "chapters": [{"title": "B"}, {"title": 5}]}, "chapters[1].title"),
        ({"title": "A", "chapters": [{"title": "B", "pages": "5"}]}, "chapters[0].pages"),
        ({"title": "A", "chapters": [{"title": ""}]}, "chapters[0].title"),
        ({"title": "A", "chapters": [{}]}, "chapters[0].title"),
        ({"title": "A", "colour": "red"}, "colour"),
        ({}, "title"),
        ([], "body"),
        ({"title": "A\x00"}, "title"),
        ({"title": "A", "chapters": [{"title": "\ud800"}]}, "chapters[0].title"),
    ],
)
def test_a_body_that_does_not_fit_is_422_and_names_the_field(
    shelf: httpx.Client, body: object, field: str
) -> None:
    answer = shelf.post("/books", content=json.dumps(body), headers=JSON)
    assert answer.status_code == 422
    assert fields(answer) == [field]


@pytest.mark.parametrize("body", [b"{", b"nonsense", b'{"title": "\xff"}', b'{"title": "A"} 2'])
def test_a_body_that_is_no_json_is_400(shelf: httpx.Client, body: bytes) -> None:
    answer = shelf.post("/books", content=body, headers=JSON)
    assert (answer.status_code, problem(answer)["type"]) == (400, "/problems/malformed-json")


def test_a_whole_number_may_be_written_with_a_point(shelf: httpx.Client) -> None:
    chapters = [{"title": "1.5", "pages": 5.0}]
    assert shelf.post("/books", json={"title": "A", "chapters": chapters}).status_code == 201
    chapters = [{"title": "1.5", "pages": 5.5}]
    answer = shelf.post("/books", json={"title": "A", "chapters": chapters})
    assert fields(answer) == ["chapters[0].pages"]


def test_options_names_every_method(shelf: httpx.Client) -> None:
    answer = shelf.options("/books")
    assert (answer.status_code, answer.headers["allow"]) == (204, "GET, HEAD, OPTIONS, POST")


def test_a_backslash_before_u0000_is_text_like_any_other(shelf: httpx.Client) -> None:
    answer = shelf.post("/books", content=rb'{"title": "a\\u0000"}', headers=JSON)
    assert answer.status_code == 201


def test_a_body_nested_too_deeply_is_refused(shelf: httpx.Client) -> None:
    answer = shelf.post("/books", content=b"[" * 100_000, headers=JSON)
    assert problem(answer)["status"] in {400, 422}


def test_a_missing_body_is_422(shelf: httpx.Client) -> None:
    assert fields(shelf.post("/books")) == ["body"]


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_body_of_another_media_type_is_415(shelf: httpx.Client, media_type: str) -> None:
    answer = shelf.post("/books", content=b'{"title": "A"}', headers={"Content-Type": media_type})
    assert problem(answer)["status"] == 415


def test_a_body_over_a_mebibyte_is_413(shelf: httpx.Client) -> None:
    answer = shelf.post("/books", content=b'{"title": "' + b"a" * 2**20 + b'"}', headers=JSON)
    assert problem(answer)["status"] == 413


@pytest.mark.parametrize(
    ("query", "field"), [("limit=0", "limit"), ("limit=x", "limit"), ("q=%00", "q")]
)
def test_a_query_that_does_not_fit_is_422(shelf: httpx.Client, query: str, field: str) -> None:
    answer = shelf.get(f"/books?{query}")
    assert answer.status_code == 422
    assert fields(answer) == [field]


@pytest.mark.parametrize("path", ["/nowhere", "/books/no-uuid", "/books/%00"])
def test_what_does_not_exist_is_404(shelf: httpx.Client, path: str) -> None:
    assert problem(shelf.get(path))["status"] == 404


def test_a_wrong_method_is_405_and_says_which_are_right(shelf: httpx.Client) -> None:
    answer = shelf.delete("/books")
    assert problem(answer)["status"] == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "OPTIONS", "POST"}


def test_a_refusal_of_the_domain_keeps_its_code_and_sentence(shelf: httpx.Client) -> None:
    body = problem(shelf.post("/books", json={"title": "One too many"}))
    assert (body["status"], body["type"]) == (409, "/problems/shelf-is-full")
    assert body["title"] == "Shelf is full"
    assert body["detail"] == "The shelf has no place left."
    assert "errors" not in body


def test_a_database_out_of_reach_is_503_to_be_retried(shelf: httpx.Client) -> None:
    answer = shelf.get("/books/unreachable")
    assert problem(answer)["status"] == 503
    assert int(answer.headers["retry-after"]) > 0
    assert "10.0.0.1" not in answer.text


def test_an_error_of_ours_is_logged_under_the_id_but_not_told(
    shelf: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "edge.problem"):
        answer = shelf.get("/books/broken")
    body = problem(answer)
    assert body["status"] == 500
    assert "secret" not in answer.text
    assert [record.__dict__["correlation_id"] for record in caplog.records] == [
        body["correlation_id"]
    ]


def test_a_malformed_idempotency_key_is_400(shelf: httpx.Client) -> None:
    for key in ("", "with space", "x" * 256, "\xe9"):
        headers = [(b"Idempotency-Key", key.encode("latin-1"))]
        answer = shelf.post("/books", json={"title": "A"}, headers=headers)
        assert answer.status_code == 400, key
        assert fields(answer) == ["Idempotency-Key"]


def test_an_idempotency_key_reaches_the_handler(shelf: httpx.Client) -> None:
    headers = {"Idempotency-Key": "k" * 255}
    assert shelf.post("/books", json={"title": "A"}, headers=headers).json()["key"] == "k" * 255


def test_a_head_is_a_get_without_a_body(shelf: httpx.Client) -> None:
    head, get = shelf.head(f"/books/{BOOK}"), shelf.get(f"/books/{BOOK}")
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-length"] == get.headers["content-length"]
