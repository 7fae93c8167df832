"""Whatever people are told, they are told in each language, with all that it is about."""

import inspect
import re
from collections.abc import Iterator
from string import Formatter

import pytest

from domain.wording import ByNumber, Template, Wording
from policies import notifications
from policies.letters import WORDING as LETTERS
from read_api.messages import WORDING as MESSAGES

LANGUAGES = {"en", "de", "fr"}
ALL = pytest.mark.parametrize("wording", [LETTERS, MESSAGES], ids=["letters", "messages"])


def forms(template: Template) -> Iterator[str]:
    if isinstance(template, ByNumber):
        yield from (template.one, template.other)
    else:
        yield template


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@ALL
def test_every_language_has_every_key_with_the_same_placeholders(wording: Wording) -> None:
    assert set(wording.catalogues) == LANGUAGES
    english = wording.catalogues["en"]
    for language, catalogue in wording.catalogues.items():
        assert catalogue.keys() == english.keys(), language
        for key, template in catalogue.items():
            (wanted,) = {frozenset(placeholders(form)) for form in forms(english[key])}
            for form in forms(template):
                assert form.strip(), (language, key)
                assert placeholders(form) == wanted, (language, key)


def test_whatever_policies_tell_has_words() -> None:
    told = set(re.findall(r'"([a-z]+\.[a-z_]+)"', inspect.getsource(notifications)))
    assert told
    assert told <= set(MESSAGES.catalogues["en"])


@ALL
def test_a_language_without_words_reads_english(wording: Wording) -> None:
    for key in wording.catalogues["en"]:
        assert wording.text(key, {}, "ja-JP") == wording.text(key, {}, "en")
        assert wording.text(key, {}, "de-CH") == wording.text(key, {}, "de")


@ALL
def test_what_counts_is_one_of_the_placeholders(wording: Wording) -> None:
    for language, catalogue in wording.catalogues.items():
        for key, template in catalogue.items():
            if isinstance(template, ByNumber):
                assert template.by in placeholders(template.other), (language, key)


@ALL
def test_no_two_languages_say_the_same(wording: Wording) -> None:
    for key in wording.catalogues["en"]:
        said = {tuple(forms(catalogue[key])) for catalogue in wording.catalogues.values()}
        assert len(said) == len(LANGUAGES), key


@pytest.mark.parametrize(
    ("language", "number", "said"),
    [
        ("en", "0", "0 files"),
        ("en", "1", "1 file"),
        ("en", "2", "2 files"),
        ("fr", "0", "0 fichier"),
        ("fr", "1", "1 fichier"),
        ("fr-CA", "2", "2 fichiers"),
        ("FR", "2", "2 fichiers"),
        ("xx", "1", "1 file"),
        (None, "1", "1 file"),
    ],
)
def test_numbers_have_the_form_of_the_language(
    language: str | None, number: str, said: str
) -> None:
    wording = Wording(
        {
            "en": {"files": ByNumber("n", one="{n} file", other="{n} files")},
            "fr": {"files": ByNumber("n", one="{n} fichier", other="{n} fichiers")},
        }
    )
    assert wording.text("files", {"n": number}, language) == said


def test_what_people_have_written_is_no_template() -> None:
    title = "{0} {course_title.__class__} %s"
    for language in LANGUAGES:
        text = MESSAGES.text("certificate.issued", {"course_title": title}, language)
        assert text is not None
        assert title in text
