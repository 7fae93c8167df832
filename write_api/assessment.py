"""Commands on assessments."""

from uuid import UUID

from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from commands.assessment import AddQuestion, CreateAssessment, NewChoice, PublishAssessment
from commands.attempt import StartAttempt
from domain.assessment import QuestionKind
from write_api.body import Body, command_of
from write_api.sender import Answer, Sender


class NewQuestion(Body, frozen=True):
    kind: QuestionKind
    prompt: str
    choices: list[NewChoice]
    points: int = 1


class AssessmentController(Controller):
    path = "/assessments"
    tags = ["Assessments"]

    @post("/", operation_id="CreateAssessment")
    async def create(
        self, data: JSONBody[CreateAssessment], sender: NamedDependency[Sender]
    ) -> Answer:
        """Write an assessment for a course; it starts as a draft."""
        return await sender.create(data, "/assessments")

    @post("/{assessment_id:uuid}/questions", operation_id="AddQuestion")
    async def add_question(
        self,
        assessment_id: FromPath[UUID],
        data: JSONBody[NewQuestion],
        sender: NamedDependency[Sender],
    ) -> Answer:
        """Add a question with its choices and which of them are correct."""
        command = command_of(AddQuestion, data, assessment_id=assessment_id)
        return await sender.create(command, f"/assessments/{assessment_id}/questions")

    @post("/{assessment_id:uuid}/publish", operation_id="PublishAssessment", status_code=200)
    async def publish(
        self, assessment_id: FromPath[UUID], sender: NamedDependency[Sender]
    ) -> Answer:
        """Freeze an assessment and make it part of its course for enrolments to come."""
        return await sender.change(PublishAssessment(assessment_id=assessment_id))

    @post("/{assessment_id:uuid}/attempts", operation_id="StartAttempt")
    async def start_attempt(
        self, assessment_id: FromPath[UUID], sender: NamedDependency[Sender]
    ) -> Answer:
        """Begin an attempt; one may be open at a time."""
        return await sender.create(StartAttempt(assessment_id=assessment_id), "/attempts")
