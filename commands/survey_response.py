"""Answering surveys."""

from uuid import UUID

from commands.enrolled import enrollment_of
from commands.message import Command, Part, handles
from commands.work import Work
from domain.aggregate import Aggregate
from domain.identity import survey_receipt_id, survey_response_id
from domain.survey import Survey
from domain.survey_answers import SurveyAnswer
from domain.survey_response import AlreadyAnswered, SurveyReceipt, SurveyResponse


class GivenSurveyAnswer(Part, frozen=True):
    """`choices` for single and multiple, `rating` for rating and nps, `text` for text."""

    question_id: UUID
    choices: list[UUID] = []
    rating: int | None = None
    text: str | None = None


class SubmitSurveyResponse(Command, frozen=True):
    survey_id: UUID
    answers: list[GivenSurveyAnswer]


@handles(SubmitSurveyResponse)
def submit_survey_response(command: SubmitSurveyResponse, work: Work) -> Aggregate:
    """Answers with the response, or with the receipt when the survey is anonymous: neither the
    sender nor the record of their idempotency key learns which sheet is theirs."""
    work.permit(learner=work.me)
    survey = work.latest(Survey, command.survey_id)
    if survey.course_id is not None:
        enrollment_of(work.me, survey.course_id, work)
    survey.must_be_open()
    _must_be_first(survey.id, work)
    answers = [
        SurveyAnswer(given.question_id, given.choices, given.rating, given.text)
        for given in command.answers
    ]
    return _anonymous(survey, answers, work) if survey.anonymous else _signed(survey, answers, work)


def _must_be_first(survey_id: UUID, work: Work) -> None:
    if work.find(SurveyResponse, survey_response_id(survey_id, work.me)) or work.find(
        SurveyReceipt, survey_receipt_id(survey_id, work.me)
    ):
        raise AlreadyAnswered("You have answered this survey already.")


def _signed(survey: Survey, answers: list[SurveyAnswer], work: Work) -> SurveyResponse:
    return SurveyResponse.submit(
        survey_id=survey.id,
        course_id=survey.course_id,
        learner_id=work.me,
        questions=survey.questions,
        answers=answers,
        at=work.now,
    )


def _anonymous(survey: Survey, answers: list[SurveyAnswer], work: Work) -> SurveyReceipt:
    sheet = SurveyResponse.submit_anonymously(
        id=work.new_id(),
        survey_id=survey.id,
        course_id=survey.course_id,
        questions=survey.questions,
        answers=answers,
        at=work.now,
    )
    work.save_too(sheet)
    work.unsigned = True
    return SurveyReceipt.give(survey_id=survey.id, learner_id=work.me, at=work.now)
