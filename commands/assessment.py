"""Writing and publishing assessments."""

from uuid import UUID

from commands.message import Command, Part, handles
from commands.work import Work
from domain.assessment import Assessment, Choice, QuestionKind
from domain.course import Course


class CreateAssessment(Command, frozen=True):
    """`pass_mark` is a percent of all points; without `attempts_allowed` there is no limit."""

    course_id: UUID
    title: str
    pass_mark: int
    attempts_allowed: int | None = None


class NewChoice(Part, frozen=True):
    text: str
    correct: bool = False


class AddQuestion(Command, frozen=True):
    assessment_id: UUID
    kind: QuestionKind
    prompt: str
    choices: list[NewChoice]
    points: int = 1


class PublishAssessment(Command, frozen=True):
    assessment_id: UUID


@handles(CreateAssessment)
def create_assessment(command: CreateAssessment, work: Work) -> Assessment:
    course = work.existing(Course, command.course_id, field="course_id")
    work.permit(instructors=course.instructors)
    return Assessment.create(
        id=work.new_id(),
        course_id=course.id,
        title=command.title,
        pass_mark=command.pass_mark,
        attempts_allowed=command.attempts_allowed,
        created_by=work.actor.id,
        at=work.now,
    )


@handles(AddQuestion)
def add_question(command: AddQuestion, work: Work) -> Assessment:
    assessment, _ = own_assessment(command.assessment_id, work)
    assessment.add_question(
        question_id=work.new_part(),
        kind=command.kind,
        prompt=command.prompt,
        points=command.points,
        choices=[
            Choice(id=work.new_id(), text=choice.text, correct=choice.correct)
            for choice in command.choices
        ],
        at=work.now,
    )
    return assessment


@handles(PublishAssessment)
def publish_assessment(command: PublishAssessment, work: Work) -> Assessment:
    """Publishes it and makes it part of its course, both or neither."""
    assessment, course = own_assessment(command.assessment_id, work)
    assessment.publish(at=work.now)
    course.add_assessment(assessment_id=assessment.id, at=work.now)
    work.save_too(course)
    return assessment


def own_assessment(assessment_id: UUID, work: Work) -> tuple[Assessment, Course]:
    """The assessment to change and its course, for the instructors of it. Raises `Forbidden`."""
    assessment = work.get(Assessment, assessment_id)
    course = work.latest(Course, assessment.course_id)
    work.permit(instructors=course.instructors)
    return assessment, course
