"""Saying courses, assessments and surveys in other languages."""

from collections.abc import Iterable, Iterator
from uuid import UUID

from msgspec import UNSET, UnsetType

from commands.assessment import own_assessment
from commands.course import own_course
from commands.message import Command, Part, handles
from commands.survey import own_survey
from commands.work import Work
from domain.assessment import Assessment
from domain.course import Course
from domain.survey import Survey
from domain.translation import GivenTexts

Said = str | UnsetType | None
"""What isn't given stays; `None` shows the original again."""
UNKNOWN_ORIGINAL = "en"
"""A survey about no course in particular counts as written in the language that courses are in
when nobody says otherwise."""


class ModuleTexts(Part, frozen=True):
    id: UUID
    title: Said = UNSET


class LessonTexts(Part, frozen=True):
    id: UUID
    title: Said = UNSET
    content: Said = UNSET


class ChoiceText(Part, frozen=True):
    id: UUID
    text: Said = UNSET


class QuestionTexts(Part, frozen=True):
    id: UUID
    prompt: Said = UNSET
    choices: list[ChoiceText] = []


class TranslateCourse(Command, frozen=True):
    """Parts that aren't named, and texts that aren't given, stay as they are."""

    course_id: UUID
    language: str
    title: Said = UNSET
    description: Said = UNSET
    modules: list[ModuleTexts] = []
    lessons: list[LessonTexts] = []


class RemoveCourseTranslation(Command, frozen=True):
    course_id: UUID
    language: str


class TranslateAssessment(Command, frozen=True):
    """Questions that aren't named, and texts that aren't given, stay as they are."""

    assessment_id: UUID
    language: str
    title: Said = UNSET
    questions: list[QuestionTexts] = []


class RemoveAssessmentTranslation(Command, frozen=True):
    assessment_id: UUID
    language: str


class TranslateSurvey(Command, frozen=True):
    """Questions that aren't named, and texts that aren't given, stay as they are."""

    survey_id: UUID
    language: str
    title: Said = UNSET
    questions: list[QuestionTexts] = []


class RemoveSurveyTranslation(Command, frozen=True):
    survey_id: UUID
    language: str


@handles(TranslateCourse)
def translate_course(command: TranslateCourse, work: Work) -> Course:
    course = own_course(command.course_id, work)
    whole = _given("course", course.id, "", title=command.title, description=command.description)
    modules = (
        _given(("modules", each.id), each.id, f"modules[{index}]", title=each.title)
        for index, each in enumerate(command.modules)
    )
    lessons = (
        _given(
            ("lessons", each.id),
            each.id,
            f"lessons[{index}]",
            title=each.title,
            content=each.content,
        )
        for index, each in enumerate(command.lessons)
    )
    course.translate(language=command.language, given=[whole, *modules, *lessons], at=work.now)
    return course


@handles(RemoveCourseTranslation)
def remove_course_translation(command: RemoveCourseTranslation, work: Work) -> Course:
    course = own_course(command.course_id, work)
    course.remove_translation(language=command.language, at=work.now)
    return course


@handles(TranslateAssessment)
def translate_assessment(command: TranslateAssessment, work: Work) -> Assessment:
    assessment, course = own_assessment(command.assessment_id, work)
    whole = _given("assessment", assessment.id, "", title=command.title)
    assessment.translate(
        language=command.language,
        original=course.language,
        given=[whole, *_of_questions(command.questions)],
        at=work.now,
    )
    return assessment


@handles(RemoveAssessmentTranslation)
def remove_assessment_translation(command: RemoveAssessmentTranslation, work: Work) -> Assessment:
    assessment, _ = own_assessment(command.assessment_id, work)
    assessment.remove_translation(language=command.language, at=work.now)
    return assessment


@handles(TranslateSurvey)
def translate_survey(command: TranslateSurvey, work: Work) -> Survey:
    survey = own_survey(command.survey_id, work)
    course = work.find_latest(Course, survey.course_id) if survey.course_id else None
    whole = _given("survey", survey.id, "", title=command.title)
    survey.translate(
        language=command.language,
        original=course.language if course else UNKNOWN_ORIGINAL,
        given=[whole, *_of_questions(command.questions)],
        at=work.now,
    )
    return survey


@handles(RemoveSurveyTranslation)
def remove_survey_translation(command: RemoveSurveyTranslation, work: Work) -> Survey:
    survey = own_survey(command.survey_id, work)
    survey.remove_translation(language=command.language, at=work.now)
    return survey


def _of_questions(questions: Iterable[QuestionTexts]) -> Iterator[GivenTexts]:
    for index, question in enumerate(questions):
        path = f"questions[{index}]"
        yield _given(("questions", question.id), question.id, path, prompt=question.prompt)
        for place, choice in enumerate(question.choices):
            key = (question.id, choice.id)
            yield _given(key, choice.id, f"{path}.choices[{place}]", text=choice.text)


def _given(key: object, part_id: UUID, path: str, **texts: Said) -> GivenTexts:
    said = {field: text for field, text in texts.items() if not isinstance(text, UnsetType)}
    return GivenTexts(key=key, part_id=part_id, path=path, texts=said)
