"""Language tags, and which language suits a reader."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.languages import best, nearest, tag_of

TAGS = st.from_regex(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?", fullmatch=True)


@pytest.mark.parametrize(
    ("given_", "tag"),
    [
        ("de", "de"),
        (" DE ", "de"),
        ("de-at", "de-AT"),
        ("PT-br", "pt-BR"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("es-419", "es-419"),
        ("DE-CH-1996", "de-CH-1996"),
        ("sl-rozaj-biske", "sl-rozaj-biske"),
    ],
)
def test_a_tag_is_written_in_one_way(given_: str, tag: str) -> None:
    assert tag_of(given_) == tag


@pytest.mark.parametrize(
    "bad", ["", "e", "english", "de_DE", "de-", "*", "de\r\nX: y", "dé", "de-" + "x" * 40]
)
def test_what_is_no_tag_is_none(bad: str) -> None:
    assert tag_of(bad) is None


@given(TAGS)
def test_a_tag_that_was_written_stays_as_it_is(tag: str) -> None:
    assert tag_of(tag) == tag == tag_of(tag.upper())


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        (["de-AT"], "de-AT"),
        (["de-CH"], "de"),
        (["de-CH-1996"], "de"),
        (["pt"], "pt-BR"),
        (["pt-PT"], "pt-BR"),
        (["ja", "de"], "de"),
        (["en-US", "de"], "en"),
        (["ja"], "en"),
        ([], "en"),
    ],
)
def test_the_first_wanted_that_is_there_else_a_relative_else_the_original(
    wanted: list[str], shown: str
) -> None:
    assert best(wanted, "en", ["de-AT", "pt-BR", "de"]) == shown


def test_a_text_that_is_missing_is_taken_from_the_nearest() -> None:
    assert list(nearest("de-AT", ["en", "de", "de-CH", "de-AT"])) == ["de-AT", "de", "de-CH"]


@given(st.lists(TAGS, max_size=4), TAGS, st.lists(TAGS, max_size=4))
def test_what_is_shown_is_there(wanted: list[str], own: str, others: list[str]) -> None:
    shown = best(wanted, own, others)
    assert shown in {own, *others}
    assert best([own, *wanted], own, others) == own
