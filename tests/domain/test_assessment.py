"""Questions with an answer key: a draft, then frozen."""

from typing import Any

import pytest

from domain.assessment import (
    Assessment,
    AssessmentIsEmpty,
    AssessmentIsFull,
    AssessmentNotPublished,
    AssessmentPublished,
    Choice,
    Question,
    QuestionKind,
)
from domain.errors import Invalid
from tests.domain.grammar import NOW, STREAM, a_uuid, bad_text, fact, given, when_new

COURSE, TEACHER, FIRST = a_uuid(1), a_uuid(2), a_uuid(3)
RIGHT = Choice(id=a_uuid(11), text="Ownership", correct=True)
WRONG = Choice(id=a_uuid(12), text="Garbage collection", correct=False)
ALSO_RIGHT = Choice(id=a_uuid(13), text="Borrowing", correct=True)
QUESTION = Question(
    id=FIRST,
    kind=QuestionKind.SINGLE,
    prompt="How does Rust free memory?",
    points=2,
    choices=[RIGHT, WRONG],
)
HEAD: dict[str, Any] = {
    "course_id": COURSE,
    "title": "Final",
    "pass_mark": 70,
    "attempts_allowed": 3,
}
drafted = fact(Assessment.Created, **HEAD, created_by=TEACHER)
question_added = fact(Assessment.QuestionAdded, question=QUESTION)
published = fact(Assessment.Published, course_id=COURSE, assessment_version=1)


def create(**changed: Any) -> Any:
    return lambda: Assessment.create(id=STREAM, **(HEAD | changed), created_by=TEACHER, at=NOW)


def ask(**changed: Any) -> Any:
    question: dict[str, Any] = {
        "question_id": FIRST,
        "kind": QUESTION.kind,
        "prompt": QUESTION.prompt,
        "points": QUESTION.points,
        "choices": QUESTION.choices,
    }
    return lambda assessment: assessment.add_question(**(question | changed), at=NOW)


def publish(assessment: Assessment) -> None:
    assessment.publish(at=NOW)


def test_it_begins_as_a_draft() -> None:
    assessment = when_new(create()).then(drafted)
    assert not assessment.published
    with pytest.raises(AssessmentNotPublished):
        assessment.must_be_published()


@pytest.mark.parametrize("pass_mark", [-1, 101])
def test_the_pass_mark_is_a_percentage(pass_mark: int) -> None:
    when_new(create(pass_mark=pass_mark)).refuses(Invalid, "pass_mark")


def test_attempts_are_limited_to_one_or_more_or_not_at_all() -> None:
    when_new(create(attempts_allowed=0)).refuses(Invalid, "attempts_allowed")
    assert when_new(create(attempts_allowed=None)).aggregate is not None


@bad_text
def test_the_title_is_a_short_text(bad: str) -> None:
    when_new(create(title=bad)).refuses(Invalid, "title")


def test_a_question_carries_its_key() -> None:
    given(Assessment, drafted).when(ask(prompt=f"  {QUESTION.prompt} ")).then(question_added)


@bad_text
def test_prompts_and_choices_are_texts(bad: str) -> None:
    draft = given(Assessment, drafted)
    draft.when(ask(prompt=bad)).refuses(Invalid, "prompt")
    blank = Choice(id=a_uuid(14), text=bad, correct=False)
    draft.when(ask(choices=[RIGHT, blank])).refuses(Invalid, "choices[1].text")


@pytest.mark.parametrize("points", [0, -1, 1_001])
def test_a_question_is_worth_something(points: int) -> None:
    given(Assessment, drafted).when(ask(points=points)).refuses(Invalid, "points")


@pytest.mark.parametrize(
    ("kind", "choices"),
    [
        (QuestionKind.SINGLE, []),
        (QuestionKind.SINGLE, [RIGHT]),
        (QuestionKind.SINGLE, [RIGHT, ALSO_RIGHT]),
        (QuestionKind.SINGLE, [WRONG, Choice(id=a_uuid(15), text="Luck", correct=False)]),
        (QuestionKind.MULTIPLE, [WRONG, Choice(id=a_uuid(15), text="Luck", correct=False)]),
        (QuestionKind.TRUE_FALSE, [RIGHT, WRONG, Choice(id=a_uuid(15), text="?", correct=False)]),
        (QuestionKind.TRUE_FALSE, [RIGHT, ALSO_RIGHT]),
        (QuestionKind.MULTIPLE, [RIGHT, RIGHT]),
    ],
)
def test_a_key_fits_its_kind(kind: QuestionKind, choices: list[Choice]) -> None:
    given(Assessment, drafted).when(ask(kind=kind, choices=choices)).refuses(Invalid, "choices")


def test_multiple_takes_one_or_more_correct_choices() -> None:
    draft = given(Assessment, drafted)
    for choices in ([RIGHT, WRONG], [RIGHT, ALSO_RIGHT, WRONG]):
        assert draft.when(ask(kind=QuestionKind.MULTIPLE, choices=choices)).refusal is None


def test_an_assessment_holds_so_many_questions() -> None:
    full = given(Assessment, drafted, *[question_added] * 500)
    full.when(ask()).refuses(AssessmentIsFull)


def test_publishing_freezes_it() -> None:
    given(Assessment, drafted).when(publish).refuses(AssessmentIsEmpty)
    given(Assessment, drafted, question_added).when(publish).then(published)
    frozen = given(Assessment, drafted, question_added, published)
    frozen.when(publish).refuses(AssessmentPublished)
    frozen.when(ask()).refuses(AssessmentPublished)
    frozen.aggregate.must_be_published()
