"""From answers to a score, the same one every time."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.assessment import Choice, Question, QuestionKind
from domain.errors import Invalid
from domain.grading import Answer, QuestionResult, grade
from tests.domain.grammar import a_uuid

A, B, C, D = (a_uuid(n) for n in range(1, 5))


def question(number: int, kind: QuestionKind, right: set[Any], points: int = 1) -> Question:
    choices = [Choice(id=id, text=str(id), correct=id in right) for id in (A, B, C, D)]
    return Question(id=a_uuid(number), kind=kind, prompt="?", points=points, choices=choices)


ONE = question(101, QuestionKind.SINGLE, {A}, points=2)
MANY = question(102, QuestionKind.MULTIPLE, {B, C}, points=1)
TEST = [ONE, MANY]


def test_exactly_the_correct_choices_earn_the_points() -> None:
    result = grade(TEST, [Answer(ONE.id, [A]), Answer(MANY.id, [C, B])], 100)
    assert (result.score, result.points, result.max_points, result.passed) == (100.0, 3, 3, True)


@pytest.mark.parametrize("ticked", [[B], [B, C, D], [A], []])
def test_there_is_no_partial_credit(ticked: list[Any]) -> None:
    result = grade(TEST, [Answer(ONE.id, [A]), Answer(MANY.id, ticked)], 60)
    assert result.results == [QuestionResult(ONE.id, True, 2), QuestionResult(MANY.id, False, 0)]
    assert (result.score, result.passed) == (66.66, True)


def test_unanswered_questions_earn_nothing() -> None:
    assert grade(TEST, [], 0).score == 0.0
    assert grade(TEST, [], 0).passed, "a pass mark of 0 is reached by anyone"


def test_a_score_is_never_rounded_up_to_a_pass() -> None:
    questions = [question(n, QuestionKind.SINGLE, {A}, points=1_000) for n in range(100, 130)]
    questions.append(question(200, QuestionKind.SINGLE, {A}, points=1))
    answers = [Answer(q.id, [A]) for q in questions[:-1]]
    result = grade(questions, answers, 100)
    assert (result.score, result.passed) == (99.99, False)


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ([Answer(a_uuid(999), [A])], "answers[0].question_id"),
        ([Answer(ONE.id, [A]), Answer(ONE.id, [A])], "answers[1].question_id"),
        ([Answer(MANY.id, [B, a_uuid(999)])], "answers[0].choices[1]"),
        ([Answer(MANY.id, [B, B])], "answers[0].choices[1]"),
        ([Answer(MANY.id, [B]), Answer(ONE.id, [A, B])], "answers[1].choices"),
    ],
)
def test_a_sheet_that_does_not_fit_is_refused(answers: list[Answer], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        grade(TEST, answers, 50)
    assert refusal.value.field == field


@st.composite
def sheets(draw: Callable[[Any], Any]) -> tuple[list[Question], list[Answer]]:
    questions, answers = [], []
    for number in range(draw(st.integers(1, 6))):
        kind = draw(st.sampled_from(QuestionKind))
        many = kind is QuestionKind.MULTIPLE
        right = draw(st.sets(st.sampled_from([A, B, C, D]), min_size=1, max_size=4 if many else 1))
        questions.append(question(100 + number, kind, right, draw(st.integers(1, 1_000))))
        ticks = st.lists(st.sampled_from([A, B, C, D]), unique=True, max_size=4 if many else 1)
        if draw(st.booleans()):
            answers.append(Answer(a_uuid(100 + number), draw(ticks)))
    return questions, answers


@given(sheet=sheets(), pass_mark=st.integers(0, 100), data=st.data())
@settings(deadline=None)
def test_grades_are_fair(sheet: Any, pass_mark: int, data: Any) -> None:
    questions, answers = sheet
    result = grade(questions, answers, pass_mark)
    assert 0 <= result.score <= 100
    assert result.passed == (result.points * 100 >= pass_mark * result.max_points)
    assert sum(r.points for r in result.results) == result.points
    assert (result.score == 100) == (result.points == result.max_points)
    assert grade(questions, answers, pass_mark) == result, "same input, same result"

    shuffled = [Answer(a.question_id, data.draw(st.permutations(a.choices))) for a in answers]
    assert grade(questions, data.draw(st.permutations(shuffled)), pass_mark) == result
