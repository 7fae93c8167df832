"""A survey's life: draft, published, closed; and the invitation to it."""

from typing import Any

import pytest

from domain.errors import Invalid
from domain.identity import survey_invitation_id
from domain.survey import (
    Survey,
    SurveyChoice,
    SurveyClosed,
    SurveyIsEmpty,
    SurveyIsFull,
    SurveyNotPublished,
    SurveyPublished,
    SurveyQuestion,
    SurveyQuestionKind,
)
from domain.survey_invitation import SurveyInvitation
from tests.domain.grammar import NOW, STREAM, a_uuid, bad_text, fact, given, when_new

COURSE, TEACHER = a_uuid(1), a_uuid(2)
CHOICES = [SurveyChoice(id=a_uuid(11), text="Yes"), SurveyChoice(id=a_uuid(12), text="No")]
QUESTION = SurveyQuestion(
    id=a_uuid(21),
    kind=SurveyQuestionKind.SINGLE,
    prompt="Again?",
    required=True,
    choices=CHOICES,
)
HEAD: dict[str, Any] = {"title": "After the course", "course_id": COURSE, "anonymous": False}
drafted = fact(Survey.Created, **HEAD, created_by=TEACHER)
question_added = fact(Survey.QuestionAdded, question=QUESTION)
published, closed = fact(Survey.Published), fact(Survey.Closed)


def ask(**changed: Any) -> Any:
    question: dict[str, Any] = {
        "question_id": QUESTION.id,
        "kind": QUESTION.kind,
        "prompt": QUESTION.prompt,
        "required": QUESTION.required,
        "choices": QUESTION.choices,
    }
    return lambda survey: survey.add_question(**(question | changed), at=NOW)


def publish(survey: Survey) -> None:
    survey.publish(at=NOW)


def close(survey: Survey) -> None:
    survey.close(at=NOW)


def test_it_begins_as_a_draft() -> None:
    survey = when_new(lambda: Survey.create(id=STREAM, **HEAD, created_by=TEACHER, at=NOW)).then(
        drafted
    )
    with pytest.raises(SurveyNotPublished):
        survey.must_be_open()


@bad_text
def test_titles_prompts_and_choices_are_texts(bad: str) -> None:
    head = HEAD | {"title": bad}
    when_new(lambda: Survey.create(id=STREAM, **head, created_by=TEACHER, at=NOW)).refuses(
        Invalid, "title"
    )
    draft = given(Survey, drafted)
    draft.when(ask(prompt=bad, prefix="questions[3].")).refuses(Invalid, "questions[3].prompt")
    blank = [CHOICES[0], SurveyChoice(id=a_uuid(13), text=bad)]
    draft.when(ask(choices=blank)).refuses(Invalid, "choices[1].text")


def test_questions_are_added_to_a_draft() -> None:
    given(Survey, drafted).when(ask()).then(question_added)
    given(Survey, drafted, *[question_added] * 200).when(ask()).refuses(SurveyIsFull)


@pytest.mark.parametrize(
    ("kind", "choices"),
    [
        (SurveyQuestionKind.SINGLE, []),
        (SurveyQuestionKind.MULTIPLE, CHOICES[:1]),
        (SurveyQuestionKind.MULTIPLE, [CHOICES[0], CHOICES[0]]),
        (SurveyQuestionKind.RATING, CHOICES),
        (SurveyQuestionKind.NPS, CHOICES),
        (SurveyQuestionKind.TEXT, CHOICES),
    ],
)
def test_choices_belong_to_choice_questions(kind: Any, choices: list[SurveyChoice]) -> None:
    given(Survey, drafted).when(ask(kind=kind, choices=choices)).refuses(Invalid, "choices")


def test_publishing_freezes_it() -> None:
    given(Survey, drafted).when(publish).refuses(SurveyIsEmpty)
    given(Survey, drafted, question_added).when(publish).then(published)
    frozen = given(Survey, drafted, question_added, published)
    frozen.when(ask()).refuses(SurveyPublished)
    frozen.when(publish).refuses(SurveyPublished)
    frozen.aggregate.must_be_open()


def test_closing_ends_it() -> None:
    given(Survey, drafted).when(close).refuses(SurveyNotPublished)
    survey = given(Survey, drafted, question_added, published).when(close).then(closed)
    with pytest.raises(SurveyClosed):
        survey.must_be_open()
    given(Survey, drafted, question_added, published, closed).when(close).refuses(SurveyClosed)


def test_a_learner_is_invited_once() -> None:
    asked = {"survey_id": a_uuid(31), "learner_id": a_uuid(32), "enrollment_id": a_uuid(33)}
    invitation = when_new(lambda: SurveyInvitation.send(**asked, at=NOW)).then(
        fact(SurveyInvitation.Sent, **asked)
    )
    assert invitation.id == survey_invitation_id(a_uuid(31), a_uuid(32))
