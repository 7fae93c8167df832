"""Writing, publishing and closing surveys."""

from uuid import UUID

from commands.message import Command, Part, handles
from commands.work import Work
from domain.course import Course
from domain.course_surveys import CourseSurveys
from domain.identity import course_surveys_id
from domain.survey import Survey, SurveyChoice, SurveyQuestionKind


class NewSurveyChoice(Part, frozen=True):
    text: str


class NewSurveyQuestion(Part, frozen=True):
    kind: SurveyQuestionKind
    prompt: str
    required: bool = False
    choices: list[NewSurveyChoice] = []


class CreateSurvey(Command, frozen=True):
    """Only who may do anything writes a survey about no course in particular."""

    title: str
    course_id: UUID | None = None
    anonymous: bool = False
    questions: list[NewSurveyQuestion] = []


class AddSurveyQuestion(Command, frozen=True):
    survey_id: UUID
    kind: SurveyQuestionKind
    prompt: str
    required: bool = False
    choices: list[NewSurveyChoice] = []


class PublishSurvey(Command, frozen=True):
    survey_id: UUID


class CloseSurvey(Command, frozen=True):
    survey_id: UUID


@handles(CreateSurvey)
def create_survey(command: CreateSurvey, work: Work) -> Survey:
    if command.course_id is None:
        work.permit()
    else:
        course = work.existing(Course, command.course_id, field="course_id")
        work.permit(instructors=course.instructors)
    survey = Survey.create(
        id=work.new_id(),
        title=command.title,
        course_id=command.course_id,
        anonymous=command.anonymous,
        created_by=work.actor.id,
        at=work.now,
    )
    for index, question in enumerate(command.questions):
        _add(survey, question, work.new_id(), work, prefix=f"questions[{index}].")
    return survey


@handles(AddSurveyQuestion)
def add_survey_question(command: AddSurveyQuestion, work: Work) -> Survey:
    survey = own_survey(command.survey_id, work)
    _add(survey, command, work.new_part(), work)
    return survey


@handles(PublishSurvey)
def publish_survey(command: PublishSurvey, work: Work) -> Survey:
    survey = own_survey(command.survey_id, work)
    survey.publish(at=work.now)
    if survey.course_id is not None:
        index = _index(survey.course_id, work)
        index.add(survey_id=survey.id, at=work.now)
        work.save_too(index)
    return survey


@handles(CloseSurvey)
def close_survey(command: CloseSurvey, work: Work) -> Survey:
    survey = own_survey(command.survey_id, work)
    survey.close(at=work.now)
    if survey.course_id is not None:
        index = _index(survey.course_id, work)
        index.remove(survey_id=survey.id, at=work.now)
        work.save_too(index)
    return survey


def own_survey(survey_id: UUID, work: Work) -> Survey:
    """The survey to change, for an instructor of its course. Raises `Forbidden` for others."""
    survey = work.get(Survey, survey_id)
    if survey.course_id is None:
        work.permit()
    else:
        work.permit(instructors=work.latest(Course, survey.course_id).instructors)
    return survey


def _index(course_id: UUID, work: Work) -> CourseSurveys:
    index = work.find(CourseSurveys, course_surveys_id(course_id))
    return index or CourseSurveys.begin(course_id=course_id, at=work.now)


def _add(
    survey: Survey,
    question: NewSurveyQuestion | AddSurveyQuestion,
    question_id: UUID,
    work: Work,
    prefix: str = "",
) -> None:
    survey.add_question(
        question_id=question_id,
        kind=question.kind,
        prompt=question.prompt,
        required=question.required,
        choices=[SurveyChoice(id=work.new_id(), text=choice.text) for choice in question.choices],
        at=work.now,
        prefix=prefix,
    )
