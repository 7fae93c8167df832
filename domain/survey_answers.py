"""Answers to a survey, and whether they fit its questions."""

from collections.abc import Callable, Sequence
from uuid import UUID

import msgspec

from domain import text
from domain.errors import Invalid
from domain.survey import SurveyQuestion, SurveyQuestionKind


class SurveyAnswer(msgspec.Struct, frozen=True):
    """One answer: `choices` for single and multiple, `rating` for rating (1-5) and nps (0-10),
    `text` for text. An answer with none of them is no answer."""

    question_id: UUID
    choices: list[UUID] = msgspec.field(default_factory=list)
    rating: int | None = None
    text: str | None = None


SCALES = {SurveyQuestionKind.RATING: (1, 5), SurveyQuestionKind.NPS: (0, 10)}
MAX_TEXT = 10_000


def fitting(
    questions: Sequence[SurveyQuestion], answers: Sequence[SurveyAnswer]
) -> list[SurveyAnswer]:
    """The answers given, texts trimmed and empty ones left out.

    Raises `Invalid`, with a path such as `answers[0].choices[1]`, for an answer that doesn't fit
    its question, and with `answers` when a required question has none.
    """
    by_id = {question.id: question for question in questions}
    given: dict[UUID, SurveyAnswer] = {}
    for index, answer in enumerate(answers):
        field = f"answers[{index}]"
        question = by_id.get(answer.question_id)
        if question is None:
            raise Invalid("This survey has no such question.", field=f"{field}.question_id")
        if question.id in given:
            raise Invalid("A question is answered only once.", field=f"{field}.question_id")
        given[question.id] = _fit(question, answer, field)
    kept = [answer for answer in given.values() if not _is_empty(answer)]
    _required_must_be_answered(questions, {answer.question_id for answer in kept})
    return kept


def _required_must_be_answered(questions: Sequence[SurveyQuestion], answered: set[UUID]) -> None:
    for question in questions:
        if question.required and question.id not in answered:
            raise Invalid(
                f"The question “{question.prompt[:80]}” must be answered.", field="answers"
            )


def _fit(question: SurveyQuestion, answer: SurveyAnswer, field: str) -> SurveyAnswer:
    trimmed = text.optional(answer.text, f"{field}.text", MAX_TEXT)
    answer = msgspec.structs.replace(answer, text=trimmed)
    part, fit = _PARTS[question.kind]
    for other in ("choices", "rating", "text"):
        if other != part and getattr(answer, other) not in (None, []):
            raise Invalid(
                f"A {question.kind} question is answered by {part}, not by {other}.",
                field=f"{field}.{other}",
            )
    fit(question, answer, f"{field}.{part}")
    return answer


def _fit_choices(question: SurveyQuestion, answer: SurveyAnswer, field: str) -> None:
    known = {choice.id for choice in question.choices}
    for index, choice in enumerate(answer.choices):
        if choice not in known:
            raise Invalid("This question has no such choice.", field=f"{field}[{index}]")
        if choice in answer.choices[:index]:
            raise Invalid("A choice is ticked only once.", field=f"{field}[{index}]")
    if question.kind is SurveyQuestionKind.SINGLE and len(answer.choices) > 1:
        raise Invalid("A single question takes one choice.", field=field)


def _fit_rating(question: SurveyQuestion, answer: SurveyAnswer, field: str) -> None:
    low, high = SCALES[question.kind]
    if answer.rating is not None and not low <= answer.rating <= high:
        raise Invalid(f"The answer must be from {low} to {high}.", field=field)


def _fit_text(question: SurveyQuestion, answer: SurveyAnswer, field: str) -> None:
    """Any text does: its length has been checked with all texts."""


def _is_empty(answer: SurveyAnswer) -> bool:
    return not answer.choices and answer.rating is None and answer.text is None


_PARTS: dict[
    SurveyQuestionKind, tuple[str, Callable[[SurveyQuestion, SurveyAnswer, str], None]]
] = {
    SurveyQuestionKind.SINGLE: ("choices", _fit_choices),
    SurveyQuestionKind.MULTIPLE: ("choices", _fit_choices),
    SurveyQuestionKind.RATING: ("rating", _fit_rating),
    SurveyQuestionKind.NPS: ("rating", _fit_rating),
    SurveyQuestionKind.TEXT: ("text", _fit_text),
}
