"""Automatic grading: from questions and answers to a score, the same one every time."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from domain.assessment import Question, QuestionKind
from domain.errors import Invalid


class Answer(msgspec.Struct, frozen=True):
    """The choices a learner ticked at one question; none means unanswered."""

    question_id: UUID
    choices: list[UUID]


class QuestionResult(msgspec.Struct, frozen=True):
    question_id: UUID
    correct: bool
    points: int


class Grade(msgspec.Struct, frozen=True):
    """`score` is the percent of all points, cut (not rounded up) to two decimals, so that
    `passed` is true exactly when the score shown reaches the pass mark."""

    score: float
    points: int
    max_points: int
    passed: bool
    results: list[QuestionResult]


def grade(questions: Sequence[Question], answers: Sequence[Answer], pass_mark: int) -> Grade:
    """Grades an answer sheet. A question earns all of its points when exactly the correct choices
    were ticked, in any order, else none: there is no partial credit. Unanswered questions earn
    none. Raises `Invalid` for a sheet that doesn't fit the questions."""
    _must_fit(questions, answers)
    ticked = {answer.question_id: set(answer.choices) for answer in answers}
    results = [_result(question, ticked.get(question.id, set())) for question in questions]
    points = sum(result.points for result in results)
    max_points = sum(question.points for question in questions)
    score = points * 10_000 // max_points / 100
    return Grade(
        score=score,
        points=points,
        max_points=max_points,
        passed=score >= pass_mark,
        results=results,
    )


def _result(question: Question, ticked: set[UUID]) -> QuestionResult:
    correct = ticked == {choice.id for choice in question.choices if choice.correct}
    return QuestionResult(
        question_id=question.id, correct=correct, points=question.points if correct else 0
    )


def _must_fit(questions: Sequence[Question], answers: Sequence[Answer]) -> None:
    by_id = {question.id: question for question in questions}
    answered: set[UUID] = set()
    for index, answer in enumerate(answers):
        field = f"answers[{index}]"
        question = by_id.get(answer.question_id)
        if question is None:
            raise Invalid("This assessment has no such question.", field=f"{field}.question_id")
        if question.id in answered:
            raise Invalid("A question is answered only once.", field=f"{field}.question_id")
        answered.add(question.id)
        _choices_must_fit(question, answer.choices, f"{field}.choices")


def _choices_must_fit(question: Question, ticked: Sequence[UUID], field: str) -> None:
    known = {choice.id for choice in question.choices}
    for index, choice in enumerate(ticked):
        if choice not in known:
            raise Invalid("This question has no such choice.", field=f"{field}[{index}]")
        if choice in ticked[:index]:
            raise Invalid("A choice is ticked only once.", field=f"{field}[{index}]")
    if question.kind is not QuestionKind.MULTIPLE and len(ticked) > 1:
        raise Invalid(f"A {question.kind} question takes one choice.", field=field)
