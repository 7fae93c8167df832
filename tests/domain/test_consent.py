"""What people are asked to consent to, and that they do or don't."""

from typing import Any

import pytest
from hypothesis import given as whatever
from hypothesis import strategies as st

from domain.consent import Consent, ConsentNotGiven
from domain.consent_purpose import (
    ConsentPurpose,
    ConsentPurposeRetired,
    ConsentVersionNotCurrent,
    PurposeText,
    nearest,
)
from domain.errors import Invalid
from tests.domain.grammar import NOW, a_uuid, bad_text, fact, given, when_new

CODE = "newsletter"
TEXTS = {"en": PurposeText("News", "May we write?"), "de": PurposeText("Neues", "Dürfen wir?")}
OTHERS = {"en": PurposeText("News", "May we write, monthly?")}
described = fact(ConsentPurpose.Described, code=CODE, texts=TEXTS)
revised = fact(ConsentPurpose.Revised, code=CODE, text_version=2, texts=OTHERS)
retired = fact(ConsentPurpose.Retired, code=CODE)

WHO: dict[str, Any] = {"learner_id": a_uuid(2), "purpose": CODE}
given_once = fact(Consent.Given, **WHO, text_version=1, language="de")
renewed = fact(Consent.Renewed, **WHO, text_version=2, language=None)
withdrawn = fact(Consent.Withdrawn, **WHO, text_version=1)


def describe(**changed: Any) -> Any:
    return lambda: ConsentPurpose.describe(**({"code": CODE, "texts": TEXTS} | changed), at=NOW)


def revise(texts: dict[str, PurposeText]) -> Any:
    return lambda purpose: purpose.revise(texts=texts, at=NOW)


def renew(text_version: int) -> Any:
    return lambda consent: consent.renew(text_version=text_version, language=None, at=NOW)


def retire(purpose: ConsentPurpose) -> None:
    purpose.retire(at=NOW)


def withdraw(consent: Consent) -> None:
    consent.withdraw(at=NOW)


def test_another_wording_is_another_version() -> None:
    when_new(describe()).then(described)
    given(ConsentPurpose, described).when(revise(OTHERS)).then(revised)
    given(ConsentPurpose, described).when(revise(TEXTS)).nothing()


def test_what_is_retired_is_asked_for_again_only_anew() -> None:
    given(ConsentPurpose, described).when(retire).then(retired)
    given(ConsentPurpose, described, retired).when(retire).nothing()
    again = fact(ConsentPurpose.Revised, code=CODE, text_version=2, texts=TEXTS)
    given(ConsentPurpose, described, retired).when(revise(TEXTS)).then(again)


@pytest.mark.parametrize("code", ["", "Caps", "two  words", "-first", "a--b", "x" * 65])
def test_a_code_is_fit_for_an_address(code: str) -> None:
    when_new(describe(code=code)).refuses(Invalid, "code")


@bad_text
def test_texts_are_bounded(bad: str) -> None:
    when_new(describe(texts={"en": PurposeText(bad, "Yes?")})).refuses(Invalid, "texts.en.title")
    when_new(describe(texts={"en": PurposeText("News", bad)})).refuses(Invalid, "texts.en.text")


def test_there_is_a_text_in_some_language() -> None:
    when_new(describe(texts={})).refuses(Invalid, "texts")
    when_new(describe(texts={" ": PurposeText("News", "Yes?")})).refuses(Invalid, "texts")


def test_only_what_is_asked_now_is_consented_to() -> None:
    asked = given(ConsentPurpose, described, revised)
    asked.when(lambda it: it.must_ask(2, "en")).nothing()
    asked.when(lambda it: it.must_ask(1, None)).refuses(ConsentVersionNotCurrent)
    asked.when(lambda it: it.must_ask(2, "de")).refuses(Invalid, "language")
    gone = given(ConsentPurpose, described, retired)
    gone.when(lambda it: it.must_ask(1, None)).refuses(ConsentPurposeRetired)


def test_consent_is_given_once_to_each_wording() -> None:
    when_new(lambda: Consent.give(**WHO, text_version=1, language="de", at=NOW)).then(given_once)
    given(Consent, given_once).when(renew(1)).nothing()
    given(Consent, given_once).when(renew(2)).then(renewed)


def test_what_was_given_can_be_withdrawn_and_given_again() -> None:
    given(Consent, given_once).when(withdraw).then(withdrawn)
    given(Consent, given_once, withdrawn).when(withdraw).refuses(ConsentNotGiven)
    again = fact(Consent.Renewed, **WHO, text_version=1, language=None)
    given(Consent, given_once, withdrawn).when(renew(1)).then(again)


@whatever(st.sets(st.sampled_from(["en", "de", "pt", "pt-BR", "fr"]), min_size=1), st.text())
def test_everybody_has_something_to_read(languages: set[str], reader: str) -> None:
    texts = dict.fromkeys(languages, PurposeText("News", "Yes?"))
    assert nearest(texts, reader) in languages
    assert nearest(texts, None) == ("en" if "en" in languages else min(languages))
    assert all(nearest(texts, each) == each for each in languages)


def test_a_region_reads_its_language() -> None:
    assert nearest(TEXTS, "de-AT") == "de"
    assert nearest(TEXTS, "fr") == "en"
