"""A testimonial and its moderation."""

from typing import Any

import pytest

from domain import testimonial
from domain.errors import Invalid
from tests.domain.grammar import NOW, STREAM, a_uuid, bad_text, fact, given, when_new

WHO: dict[str, Any] = {"course_id": a_uuid(1), "learner_id": a_uuid(2)}
EDITOR = a_uuid(3)
WORDS: dict[str, Any] = {"text": "Changed my life.", "rating": 5, "anonymous": False}
submitted = fact(testimonial.Testimonial.Submitted, **WHO, **WORDS)
approved = fact(testimonial.Testimonial.Approved, **WHO, by=EDITOR)
rejected = fact(testimonial.Testimonial.Rejected, **WHO, by=EDITOR, reason="Advertising")
withdrawn = fact(testimonial.Testimonial.Withdrawn, **WHO)


def submit(**changed: Any) -> Any:
    return lambda: testimonial.Testimonial.submit(id=STREAM, **WHO, **(WORDS | changed), at=NOW)


def approve(it: testimonial.Testimonial) -> None:
    it.approve(by=EDITOR, at=NOW)


def reject(it: testimonial.Testimonial) -> None:
    it.reject(by=EDITOR, reason="Advertising", at=NOW)


def withdraw(it: testimonial.Testimonial) -> None:
    it.withdraw(at=NOW)


def test_it_waits_for_moderation() -> None:
    when_new(submit()).then(submitted)
    given(testimonial.Testimonial, submitted).when(approve).then(approved)
    given(testimonial.Testimonial, submitted).when(reject).then(rejected)


def test_it_is_moderated_once() -> None:
    for moderated in (approved, rejected, withdrawn):
        given(testimonial.Testimonial, submitted, moderated).when(approve).refuses(
            testimonial.TestimonialModerated
        )
        given(testimonial.Testimonial, submitted, moderated).when(reject).refuses(
            testimonial.TestimonialModerated
        )


def test_its_author_may_withdraw_it() -> None:
    given(testimonial.Testimonial, submitted).when(withdraw).then(withdrawn)
    given(testimonial.Testimonial, submitted, approved).when(withdraw).then(withdrawn)
    for gone in (rejected, withdrawn):
        given(testimonial.Testimonial, submitted, gone).when(withdraw).refuses(
            testimonial.TestimonialNotStanding
        )


@bad_text
def test_texts_are_bounded(bad: str) -> None:
    when_new(submit(text=bad)).refuses(Invalid, "text")
    given(testimonial.Testimonial, submitted).when(
        lambda t: t.reject(by=EDITOR, reason=bad, at=NOW)
    ).refuses(Invalid, "reason")


@pytest.mark.parametrize("rating", [0, 6])
def test_ratings_are_one_to_five_stars(rating: int) -> None:
    when_new(submit(rating=rating)).refuses(Invalid, "rating")
