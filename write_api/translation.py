"""Commands on what courses, assessments and surveys say in other languages."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, delete, patch
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, PathParameter
from msgspec import UNSET

from commands.translation import (
    LessonTexts,
    ModuleTexts,
    QuestionTexts,
    RemoveAssessmentTranslation,
    RemoveCourseTranslation,
    RemoveSurveyTranslation,
    Said,
    TranslateAssessment,
    TranslateCourse,
    TranslateSurvey,
)
from write_api.body import Body, command_of
from write_api.sender import Answer, Sender

Language = Annotated[str, PathParameter(description="A language tag (BCP 47): de, pt-BR.")]


class CourseTexts(Body, frozen=True):
    """What is left out stays; `null` shows the original again. A link is the same everywhere."""

    title: Said = UNSET
    description: Said = UNSET
    modules: list[ModuleTexts] = []
    lessons: list[LessonTexts] = []


class QuestionnaireTexts(Body, frozen=True):
    """What is left out stays; `null` shows the original again."""

    title: Said = UNSET
    questions: list[QuestionTexts] = []


class TranslationController(Controller):
    tags = ["Translations"]

    @patch("/courses/{course_id:uuid}/translations/{language:str}", operation_id="TranslateCourse")
    async def course(
        self,
        course_id: FromPath[UUID],
        language: Language,
        data: JSONBody[CourseTexts],
        sender: NamedDependency[Sender],
    ) -> Answer:
        """Say a course, or parts of it, in another language; readers see it at once."""
        command = command_of(TranslateCourse, data, course_id=course_id, language=language)
        return await sender.change(command)

    @delete(
        "/courses/{course_id:uuid}/translations/{language:str}",
        operation_id="RemoveCourseTranslation",
        status_code=200,
    )
    async def remove_course(
        self, course_id: FromPath[UUID], language: Language, sender: NamedDependency[Sender]
    ) -> Answer:
        """Take back all that a course says in a language."""
        return await sender.change(RemoveCourseTranslation(course_id=course_id, language=language))

    @patch(
        "/assessments/{assessment_id:uuid}/translations/{language:str}",
        operation_id="TranslateAssessment",
    )
    async def assessment(
        self,
        assessment_id: FromPath[UUID],
        language: Language,
        data: JSONBody[QuestionnaireTexts],
        sender: NamedDependency[Sender],
    ) -> Answer:
        """Say questions and choices in another language; points and the key stay what they are."""
        command = command_of(
            TranslateAssessment, data, assessment_id=assessment_id, language=language
        )
        return await sender.change(command)

    @delete(
        "/assessments/{assessment_id:uuid}/translations/{language:str}",
        operation_id="RemoveAssessmentTranslation",
        status_code=200,
    )
    async def remove_assessment(
        self, assessment_id: FromPath[UUID], language: Language, sender: NamedDependency[Sender]
    ) -> Answer:
        """Take back all that an assessment says in a language."""
        command = RemoveAssessmentTranslation(assessment_id=assessment_id, language=language)
        return await sender.change(command)

    @patch("/surveys/{survey_id:uuid}/translations/{language:str}", operation_id="TranslateSurvey")
    async def survey(
        self,
        survey_id: FromPath[UUID],
        language: Language,
        data: JSONBody[QuestionnaireTexts],
        sender: NamedDependency[Sender],
    ) -> Answer:
        """Say questions and choices in another language; answers are counted together."""
        command = command_of(TranslateSurvey, data, survey_id=survey_id, language=language)
        return await sender.change(command)

    @delete(
        "/surveys/{survey_id:uuid}/translations/{language:str}",
        operation_id="RemoveSurveyTranslation",
        status_code=200,
    )
    async def remove_survey(
        self, survey_id: FromPath[UUID], language: Language, sender: NamedDependency[Sender]
    ) -> Answer:
        """Take back all that a survey says in a language."""
        return await sender.change(RemoveSurveyTranslation(survey_id=survey_id, language=language))
