"""Given surveys and answers to them, these rows and results."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from domain.survey import Survey, SurveyChoice, SurveyQuestionKind
from domain.survey_answers import SurveyAnswer
from domain.survey_invitation import SurveyInvitation
from domain.survey_response import SurveyReceipt, SurveyResponse
from tests.projections.story import AT, Story, a_uuid

SURVEY, COURSE, AUTHOR, ANN, BOB, ENROLLMENT = (a_uuid(number) for number in range(1, 7))
PICK, RATE, WRITE = a_uuid(10), a_uuid(20), a_uuid(30)
GOOD, BAD = a_uuid(11), a_uuid(12)


def a_survey(*, anonymous: bool = False) -> Survey:
    survey = Survey.create(
        id=SURVEY,
        title="How was it?",
        course_id=COURSE,
        anonymous=anonymous,
        created_by=AUTHOR,
        at=AT[0],
    )
    choices = [SurveyChoice(id=GOOD, text="Good"), SurveyChoice(id=BAD, text="Bad")]
    for id, kind, prompt, required in (
        (PICK, SurveyQuestionKind.MULTIPLE, "Which?", True),
        (RATE, SurveyQuestionKind.RATING, "How much?", True),
        (WRITE, SurveyQuestionKind.TEXT, "Why?", False),
    ):
        survey.add_question(
            question_id=id,
            kind=kind,
            prompt=prompt,
            required=required,
            choices=choices if kind is SurveyQuestionKind.MULTIPLE else [],
            at=AT[1],
        )
    survey.publish(at=AT[2])
    return survey


def answers(*picked: UUID, rating: int, text: str | None = None) -> list[SurveyAnswer]:
    given = [
        SurveyAnswer(question_id=PICK, choices=list(picked)),
        SurveyAnswer(question_id=RATE, choices=[], rating=rating),
    ]
    if text:
        given.append(SurveyAnswer(question_id=WRITE, choices=[], text=text))
    return given


def test_a_survey_goes_from_draft_to_closed(story: Story) -> None:
    survey = a_survey()
    survey.close(at=AT[3])
    story.given(survey)

    assert story.row("SELECT * FROM survey") == {
        "id": SURVEY,
        "title": "How was it?",
        "course_id": COURSE,
        "anonymous": False,
        "created_by": AUTHOR,
        "status": "closed",
        "question_count": 3,
        "response_count": 0,
        "languages": [],
        "created_at": AT[0],
        "published_at": AT[2],
        "closed_at": AT[3],
        "updated_at": AT[3],
        "version": 6,
    }
    assert story.rows(
        "SELECT id, ordinal, kind, prompt, required FROM survey_question ORDER BY ordinal"
    ) == [
        {"id": PICK, "ordinal": 1, "kind": "multiple", "prompt": "Which?", "required": True},
        {"id": RATE, "ordinal": 2, "kind": "rating", "prompt": "How much?", "required": True},
        {"id": WRITE, "ordinal": 3, "kind": "text", "prompt": "Why?", "required": False},
    ]
    assert story.rows(
        "SELECT id, survey_id, question_id, ordinal, text FROM survey_choice ORDER BY ordinal"
    ) == [
        {"id": GOOD, "survey_id": SURVEY, "question_id": PICK, "ordinal": 1, "text": "Good"},
        {"id": BAD, "survey_id": SURVEY, "question_id": PICK, "ordinal": 2, "text": "Bad"},
    ]


def test_signed_answers_are_kept_and_counted(story: Story) -> None:
    survey = a_survey()
    sheets = [
        SurveyResponse.submit(
            survey_id=SURVEY,
            course_id=COURSE,
            learner_id=learner,
            questions=survey.questions,
            answers=given,
            at=AT[3],
        )
        for learner, given in (
            (ANN, answers(GOOD, BAD, rating=4, text="Clear")),
            (BOB, answers(GOOD, rating=5)),
        )
    ]
    story.given(survey, *sheets)

    assert story.row("SELECT response_count, version FROM survey") == {
        "response_count": 2,
        "version": 5,
    }
    assert story.rows("SELECT question_id, answer, times FROM survey_tally ORDER BY 1, 2") == [
        {"question_id": PICK, "answer": str(GOOD), "times": 2},
        {"question_id": PICK, "answer": str(BAD), "times": 1},
        {"question_id": RATE, "answer": "4", "times": 1},
        {"question_id": RATE, "answer": "5", "times": 1},
    ]
    assert story.rows(
        "SELECT learner_id, submitted_at, text FROM survey_response AS response"
        " JOIN survey_answer ON response_id = response.id WHERE text IS NOT NULL"
    ) == [{"learner_id": ANN, "submitted_at": AT[3], "text": "Clear"}]
    assert story.rows("SELECT learner_id FROM survey_participant ORDER BY 1") == [
        {"learner_id": ANN},
        {"learner_id": BOB},
    ]


def test_nothing_leads_from_an_anonymous_sheet_to_its_author(story: Story) -> None:
    survey = a_survey(anonymous=True)
    sheet = SurveyResponse.submit_anonymously(
        id=a_uuid(99),
        survey_id=SURVEY,
        course_id=COURSE,
        questions=survey.questions,
        answers=answers(BAD, rating=1, text="Boring"),
        at=AT[3],
    )
    receipt = SurveyReceipt.give(survey_id=SURVEY, learner_id=ANN, at=AT[3])
    story.given(survey, sheet, receipt)

    assert story.row("SELECT * FROM survey_response") == {
        "id": a_uuid(99),
        "survey_id": SURVEY,
        "course_id": COURSE,
        "learner_id": None,
        "submitted_at": AT[0] - timedelta(hours=12),
        "version": 1,
    }
    assert story.row("SELECT * FROM survey_participant") == {
        "survey_id": SURVEY,
        "learner_id": ANN,
    }
    assert story.row("SELECT text FROM survey_answer WHERE question_id = %s", WRITE) == {
        "text": "Boring"
    }


def test_invitations_are_listed(story: Story) -> None:
    invitation = SurveyInvitation.send(
        survey_id=SURVEY, learner_id=ANN, enrollment_id=ENROLLMENT, at=AT[4]
    )
    story.given(invitation)

    assert story.row("SELECT * FROM survey_invitation") == {
        "id": invitation.id,
        "survey_id": SURVEY,
        "learner_id": ANN,
        "enrollment_id": ENROLLMENT,
        "sent_at": AT[4],
        "version": 1,
    }
