"""Stars and words about a course."""

from typing import Any

import pytest

from domain.errors import Invalid
from domain.feedback import Feedback
from domain.identity import feedback_id
from tests.domain.grammar import NOW, NUL, TOO_LONG, a_uuid, fact, given, when_new

WHO: dict[str, Any] = {"course_id": a_uuid(1), "learner_id": a_uuid(2)}
submitted = fact(Feedback.Submitted, **WHO, rating=5, feedback_text="Great")


def submit(rating: int = 5, feedback_text: str | None = "Great") -> Any:
    return lambda: Feedback.submit(**WHO, rating=rating, feedback_text=feedback_text, at=NOW)


def revise(rating: int, feedback_text: str | None) -> Any:
    return lambda feedback: feedback.revise(rating=rating, feedback_text=feedback_text, at=NOW)


def test_there_is_one_feedback_per_learner_and_course() -> None:
    feedback = when_new(submit(feedback_text=" Great ")).then(submitted)
    assert feedback.id == feedback_id(WHO["learner_id"], WHO["course_id"])


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_stars_need_no_words(nothing: str | None) -> None:
    when_new(submit(3, nothing)).then(fact(Feedback.Submitted, **WHO, rating=3, feedback_text=None))


def test_feedback_can_be_revised() -> None:
    feedback = (
        given(Feedback, submitted)
        .when(revise(2, "On second thoughts"))
        .then(fact(Feedback.Revised, **WHO, rating=2, feedback_text="On second thoughts"))
    )
    assert feedback.rating == 2


@pytest.mark.parametrize("rating", [0, 6])
def test_ratings_are_one_to_five_stars(rating: int) -> None:
    when_new(submit(rating)).refuses(Invalid, "rating")
    given(Feedback, submitted).when(revise(rating, None)).refuses(Invalid, "rating")


@pytest.mark.parametrize("bad", [TOO_LONG, NUL])
def test_words_are_bounded(bad: str) -> None:
    when_new(submit(5, bad)).refuses(Invalid, "feedback_text")
    given(Feedback, submitted).when(revise(5, bad)).refuses(Invalid, "feedback_text")
