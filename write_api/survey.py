"""Commands on surveys."""

from uuid import UUID

from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from commands.survey import (
    AddSurveyQuestion,
    CloseSurvey,
    CreateSurvey,
    NewSurveyQuestion,
    PublishSurvey,
)
from commands.survey_response import GivenSurveyAnswer, SubmitSurveyResponse
from write_api.body import Body, command_of
from write_api.sender import Answer, Sender


class SurveyAnswers(Body, frozen=True):
    answers: list[GivenSurveyAnswer]


class SurveyController(Controller):
    path = "/surveys"
    tags = ["Surveys"]

    @post("/", operation_id="CreateSurvey")
    async def create(self, data: JSONBody[CreateSurvey], sender: NamedDependency[Sender]) -> Answer:
        """Write a survey, with questions or without; it starts as a draft."""
        return await sender.create(data, "/surveys")

    @post("/{survey_id:uuid}/questions", operation_id="AddSurveyQuestion")
    async def add_question(
        self,
        survey_id: FromPath[UUID],
        data: JSONBody[NewSurveyQuestion],
        sender: NamedDependency[Sender],
    ) -> Answer:
        """Add a question to a draft."""
        command = command_of(AddSurveyQuestion, data, survey_id=survey_id)
        return await sender.create(command, f"/surveys/{survey_id}/questions")

    @post("/{survey_id:uuid}/publish", operation_id="PublishSurvey", status_code=200)
    async def publish(self, survey_id: FromPath[UUID], sender: NamedDependency[Sender]) -> Answer:
        """Open a survey; whoever completes its course from now on is invited to it."""
        return await sender.change(PublishSurvey(survey_id=survey_id))

    @post("/{survey_id:uuid}/close", operation_id="CloseSurvey", status_code=200)
    async def close(self, survey_id: FromPath[UUID], sender: NamedDependency[Sender]) -> Answer:
        """Take no more answers."""
        return await sender.change(CloseSurvey(survey_id=survey_id))

    @post("/{survey_id:uuid}/responses", operation_id="SubmitSurveyResponse")
    async def respond(
        self,
        survey_id: FromPath[UUID],
        data: JSONBody[SurveyAnswers],
        sender: NamedDependency[Sender],
    ) -> Answer:
        """Answer a survey, once. An anonymous sheet is answered with a receipt, not with its id."""
        command = command_of(SubmitSurveyResponse, data, survey_id=survey_id)
        return await sender.create(command, f"/surveys/{survey_id}/responses")
