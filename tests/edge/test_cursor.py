"""Pages by cursor."""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.cursor import Keyset
from edge.problem import ProblemError
from tests.edge.conftest import served
from tests.edge.shelf import WITH_TOKEN, Reading, shelf_api

Key = tuple[str, int, UUID, datetime, float, bool]
KEYSET = Keyset("anything", tuple[str, int, UUID, datetime, float, bool])
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
KEYS = st.tuples(
    TEXTS,
    st.integers(-(2**63), 2**63 - 1),
    st.uuids(),
    st.datetimes(timezones=st.just(UTC)),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
)


@pytest.fixture(scope="module")
def shelf() -> Iterator[httpx.Client]:
    with served(shelf_api()) as url, httpx.Client(base_url=url, headers=WITH_TOKEN) as client:
        yield client


@given(KEYS)
def test_a_cursor_is_read_back_as_the_key_it_was_made_of(key: Key) -> None:
    if len(KEYSET.encode(key)) <= 2048:
        assert KEYSET.decode(KEYSET.encode(key)) == key


@given(KEYS, st.data())
def test_a_cursor_with_any_character_changed_is_refused(key: Key, data: st.DataObject) -> None:
    cursor = KEYSET.encode(key)
    index = data.draw(st.integers(0, len(cursor) - 1))
    other = data.draw(st.characters().filter(lambda char: char != cursor[index]))
    with pytest.raises(ProblemError):
        KEYSET.decode(cursor[:index] + other + cursor[index + 1 :])


@given(st.text())
def test_garbage_is_refused_with_a_problem(cursor: str) -> None:
    with pytest.raises(ProblemError) as caught:
        KEYSET.decode(cursor)
    assert caught.value.fault.status == 422


def test_a_cursor_of_another_list_or_shape_is_refused() -> None:
    cursor = Keyset("books by title", tuple[str, int]).encode(("A", 1))
    for other in (
        Keyset("books by author", tuple[str, int]),
        Keyset("books by title", tuple[str, str]),
    ):
        with pytest.raises(ProblemError):
            other.decode(cursor)


def test_the_pages_of_a_list_hold_each_item_once_in_order(shelf: httpx.Client) -> None:
    titles: list[str] = []
    cursor: str | None = None
    while True:
        params = {"limit": "50"} | ({} if cursor is None else {"cursor": cursor})
        page = shelf.get("/books", params=params).json()
        titles += [book["title"] for book in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert titles == Reading.titles


def test_a_page_has_fifty_items_unless_asked_otherwise(shelf: httpx.Client) -> None:
    assert len(shelf.get("/books").json()["items"]) == 50
    assert len(shelf.get("/books?limit=3").json()["items"]) == 3
    assert shelf.get("/books?limit=201").status_code == 422
    assert shelf.get("/books?cursor=nonsense").status_code == 422
