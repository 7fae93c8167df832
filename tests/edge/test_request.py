"""Reading bodies: whatever comes, it is decoded or refused."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edge.problem import ProblemError
from edge.request import decode_strictly
from tests.edge.shelf import Chapter, NewBook

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


def refusal(body: bytes, shape: Any) -> int | None:
    """The status with which a body is refused, if it is."""
    try:
        decode_strictly(body, shape)
    except ProblemError as error:
        return error.fault.status
    except msgspec.ValidationError:
        return 422
    return None


@given(st.binary())
@example(b"[" * 100_000)
@example(b'{"title": 1.5, "chapters": ' + b"[" * 100_000)
@example(b'{"title": 1.5, "x": "\xff"}')
@example(b'"\xed\xa0\x80"')
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    assert refusal(body, Any) in {None, 400, 422}
    assert refusal(body, NewBook) in {None, 400, 422}


@given(JSON)
def test_any_json_is_read_unless_a_text_in_it_cannot_be_stored(value: object) -> None:
    text = json.dumps(value)
    storable = "\\u0000" not in text.replace("\\\\", "") and "\\ud" not in text
    if storable:
        assert refusal(text.encode(), Any) is None


@given(TEXT, st.integers(1, 2**53))
def test_a_body_that_fits_is_read_as_what_it_says(title: str, pages: int) -> None:
    chapter = Chapter(title or "untitled", pages)
    assert decode_strictly(msgspec.json.encode(chapter), Chapter) == chapter
    with_point = json.dumps({"title": chapter.title, "pages": float(pages)}).encode()
    if b"e" not in with_point.rpartition(b":")[2]:
        assert decode_strictly(with_point, Chapter) == chapter


@pytest.mark.parametrize("pages", ["5", 5.5, None, True, [5]])
def test_a_number_is_nothing_else(pages: object) -> None:
    assert refusal(json.dumps({"title": "A", "pages": pages}).encode(), Chapter) == 422
