"""Commands on surveys."""

from uuid import UUID

from litestar import Controller, post

from commands.survey import (
    AddSurveyQuestion,
    CloseSurvey,
    CreateSurvey,
    NewSurveyQuestion,
    PublishSurvey,
    SubmitSurveyResponse,
)
from domain.survey_answers import SurveyAnswer
from write_api.body import Body, command_of
from write_api.sender import Answer, Sender


class SurveyQuestionBody(NewSurveyQuestion, frozen=True):
    pass


class SurveyAnswers(Body, frozen=True):
    answers: list[SurveyAnswer]
