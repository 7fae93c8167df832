"""Versions as entity tags."""

from collections.abc import Iterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.etag import etag, expected_version, is_unmodified
from edge.problem import ProblemError
from tests.edge.conftest import served
from tests.edge.shelf import BOOK, WITH_TOKEN, shelf_api


@pytest.fixture(scope="module")
def shelf() -> Iterator[httpx.Client]:
    with served(shelf_api()) as url, httpx.Client(base_url=url, headers=WITH_TOKEN) as client:
        yield client


@given(st.integers(min_value=1, max_value=10**18 - 1))
def test_the_tag_of_a_version_is_read_back_as_that_version(version: int) -> None:
    assert expected_version(etag(version)) == version
    assert expected_version(f" {etag(version)}\t") == version
    assert is_unmodified(f'"x", W/{etag(version)}', version)


@given(st.integers(min_value=1, max_value=10**18 - 1), st.sampled_from(["de", "zh-Hant-TW"]))
def test_in_whatever_language_it_was_read_it_is_that_version(version: int, language: str) -> None:
    tag = etag(version, language)
    assert expected_version(tag) == version
    assert is_unmodified(tag, version, language)
    assert not is_unmodified(tag, version)
    assert not is_unmodified(etag(version), version, language)


@given(st.text(st.characters(max_codepoint=255)))
def test_any_header_is_a_version_any_version_or_refused_as_400_or_412(value: str) -> None:
    try:
        version = expected_version(value)
    except ProblemError as error:
        refusal: int | None = error.fault.status
    else:
        refusal = None
        assert version is None or value.strip(" \t").startswith(etag(version)[:-1])
    assert refusal in {None, 400, 412}
    assert is_unmodified(value, 7) in {True, False}


@pytest.mark.parametrize("value", [None, "*", " * "])
def test_without_a_tag_any_version_will_do(value: str | None) -> None:
    assert expected_version(value) is None


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("7", 400),
        ('"7', 400),
        ("", 400),
        ('"7","8"', 400),
        ("W/7", 400),
        ('W/"7"', 412),
        ('"seven"', 412),
        ('"07"', 412),
        ('"-7"', 412),
        ('""', 412),
        (f'"{10**30}"', 412),
    ],
)
def test_what_is_no_tag_is_400_and_a_tag_of_no_version_412(value: str, status: int) -> None:
    with pytest.raises(ProblemError) as caught:
        expected_version(value)
    assert caught.value.fault.status == status


def test_a_command_gets_the_version_it_expects(shelf: httpx.Client) -> None:
    path, body = f"/books/{BOOK}", {"title": "A"}
    assert shelf.patch(path, json=body, headers={"If-Match": '"7"'}).json()["version"] == 8
    assert shelf.patch(path, json=body, headers={"If-Match": "7"}).status_code == 400
    assert shelf.patch(path, json=body, headers={"If-Match": 'W/"7"'}).status_code == 412


def test_a_read_is_answered_304_while_its_version_stands(shelf: httpx.Client) -> None:
    path = f"/books/{BOOK}"
    first = shelf.get(path)
    again = shelf.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert shelf.get(path, headers={"If-None-Match": '"2"'}).status_code == 200
    assert shelf.get(path, headers={"If-None-Match": "garbage"}).status_code == 200
