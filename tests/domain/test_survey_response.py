"""Answer sheets, signed and anonymous."""

from typing import Any

import pytest

from domain.errors import Invalid
from domain.identity import survey_receipt_id, survey_response_id
from domain.survey import SurveyChoice, SurveyQuestion, SurveyQuestionKind
from domain.survey_answers import SurveyAnswer
from domain.survey_response import SurveyReceipt, SurveyResponse
from tests.domain.grammar import NOW, NUL, STREAM, TOO_LONG, a_uuid, fact, when_new

SURVEY, COURSE, JANE = a_uuid(1), a_uuid(2), a_uuid(3)
YES, NO = a_uuid(11), a_uuid(12)


def question(number: int, kind: SurveyQuestionKind, required: bool = False) -> SurveyQuestion:
    choices = []
    if kind in ("single", "multiple"):
        choices = [SurveyChoice(id=YES, text="Yes"), SurveyChoice(id=NO, text="No")]
    return SurveyQuestion(
        id=a_uuid(number), kind=kind, prompt="?", required=required, choices=choices
    )


ONE = question(21, SurveyQuestionKind.SINGLE, required=True)
MANY = question(22, SurveyQuestionKind.MULTIPLE)
STARS = question(23, SurveyQuestionKind.RATING)
NPS = question(24, SurveyQuestionKind.NPS)
WORDS = question(25, SurveyQuestionKind.TEXT)
QUESTIONS = [ONE, MANY, STARS, NPS, WORDS]
YES_PLEASE = SurveyAnswer(ONE.id, choices=[YES])


def answer(*answers: SurveyAnswer) -> Any:
    return lambda: SurveyResponse.submit(
        survey_id=SURVEY,
        course_id=COURSE,
        learner_id=JANE,
        questions=QUESTIONS,
        answers=answers,
        at=NOW,
    )


def answer_anonymously(*answers: SurveyAnswer) -> Any:
    return lambda: SurveyResponse.submit_anonymously(
        id=STREAM, survey_id=SURVEY, course_id=None, questions=QUESTIONS, answers=answers, at=NOW
    )


def test_a_signed_sheet_keeps_its_words_apart_to_be_sealed() -> None:
    response = when_new(
        answer(
            YES_PLEASE,
            SurveyAnswer(MANY.id, choices=[NO, YES]),
            SurveyAnswer(STARS.id, rating=1),
            SurveyAnswer(NPS.id, rating=0),
            SurveyAnswer(WORDS.id, text=" Call me Jane. "),
        )
    ).then(
        fact(
            SurveyResponse.Submitted,
            survey_id=SURVEY,
            course_id=COURSE,
            learner_id=JANE,
            answers=[
                YES_PLEASE,
                SurveyAnswer(MANY.id, choices=[NO, YES]),
                SurveyAnswer(STARS.id, rating=1),
                SurveyAnswer(NPS.id, rating=0),
                SurveyAnswer(WORDS.id),
            ],
            texts={str(WORDS.id): "Call me Jane."},
        )
    )
    assert response.id == survey_response_id(SURVEY, JANE)


def test_an_anonymous_sheet_names_nobody() -> None:
    words = SurveyAnswer(WORDS.id, text="Too long.")
    response = when_new(answer_anonymously(YES_PLEASE, words)).then(
        fact(
            SurveyResponse.Submitted,
            survey_id=SURVEY,
            course_id=None,
            learner_id=None,
            answers=[YES_PLEASE, words],
            texts=None,
        )
    )
    assert response.id == STREAM


def test_a_receipt_marks_that_someone_has_answered() -> None:
    receipt = when_new(lambda: SurveyReceipt.give(survey_id=SURVEY, learner_id=JANE, at=NOW)).then(
        fact(SurveyReceipt.Given, survey_id=SURVEY, learner_id=JANE)
    )
    assert receipt.id == survey_receipt_id(SURVEY, JANE)


def test_empty_answers_are_left_out() -> None:
    outcome = when_new(answer(YES_PLEASE, SurveyAnswer(WORDS.id, text="  "), SurveyAnswer(NPS.id)))
    assert outcome.refusal is None
    assert outcome.events[0].answers == [YES_PLEASE]
    assert outcome.events[0].texts is None


@pytest.mark.parametrize(
    "answers", [(), (SurveyAnswer(ONE.id),), (SurveyAnswer(NPS.id, rating=9),)]
)
def test_required_questions_are_answered(answers: tuple[SurveyAnswer, ...]) -> None:
    when_new(answer(*answers)).refuses(Invalid, "answers")
    when_new(answer_anonymously(*answers)).refuses(Invalid, "answers")


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        (SurveyAnswer(a_uuid(99), rating=1), "question_id"),
        (YES_PLEASE, "question_id"),
        (SurveyAnswer(MANY.id, choices=[YES, a_uuid(99)]), "choices[1]"),
        (SurveyAnswer(MANY.id, choices=[YES, YES]), "choices[1]"),
        (SurveyAnswer(MANY.id, rating=3), "rating"),
        (SurveyAnswer(STARS.id, rating=0), "rating"),
        (SurveyAnswer(STARS.id, rating=6), "rating"),
        (SurveyAnswer(STARS.id, choices=[YES]), "choices"),
        (SurveyAnswer(NPS.id, rating=-1), "rating"),
        (SurveyAnswer(NPS.id, rating=11), "rating"),
        (SurveyAnswer(NPS.id, text="ten"), "text"),
        (SurveyAnswer(WORDS.id, rating=10), "rating"),
        (SurveyAnswer(WORDS.id, text=TOO_LONG), "text"),
        (SurveyAnswer(WORDS.id, text=NUL), "text"),
    ],
)
def test_an_answer_fits_its_question(bad: SurveyAnswer, field: str) -> None:
    when_new(answer(YES_PLEASE, bad)).refuses(Invalid, f"answers[1].{field}")


def test_a_single_question_takes_one_choice() -> None:
    both = SurveyAnswer(ONE.id, choices=[YES, NO])
    when_new(answer(both)).refuses(Invalid, "answers[0].choices")
