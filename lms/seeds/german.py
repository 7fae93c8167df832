"""The course of the small seeds in German, and what belongs to it."""

from uuid import UUID

from access.actor import Actor
from commands.translation import (
    ChoiceText,
    LessonTexts,
    ModuleTexts,
    QuestionTexts,
    TranslateAssessment,
    TranslateCourse,
    TranslateSurvey,
)
from domain.assessment import Assessment
from domain.course import Course
from domain.survey import Survey
from lms.seeds import rust_course as rust
from lms.seeds.rust_course_german import LANGUAGE, LESSONS, TEXTS
from lms.seeds.steps import Steps


def translate_course(steps: Steps, instructor: Actor, course_id: UUID) -> None:
    course = steps.existing(Course, course_id)
    modules = zip(course.modules, rust.MODULES, strict=False)
    command = TranslateCourse(
        course_id=course_id,
        language=LANGUAGE,
        title=TEXTS[rust.TITLE],
        description=TEXTS[rust.DESCRIPTION],
        modules=[ModuleTexts(id=id, title=TEXTS[title]) for id, title in modules],
        lessons=[
            LessonTexts(id=lesson.id, title=TEXTS[lesson.title])
            if lesson.title not in LESSONS
            else LessonTexts(id=lesson.id, title=TEXTS[lesson.title], content=LESSONS[lesson.title])
            for module in course.modules.values()
            for lesson in module
            if lesson.title in TEXTS
        ],
    )
    steps.take(f"course/{LANGUAGE}", command, instructor)


def translate_assessment(steps: Steps, instructor: Actor, assessment_id: UUID) -> None:
    assessment = steps.existing(Assessment, assessment_id)
    command = TranslateAssessment(
        assessment_id=assessment_id,
        language=LANGUAGE,
        title=TEXTS[rust.ASSESSMENT],
        questions=_questions(assessment),
    )
    steps.take(f"assessment/{LANGUAGE}", command, instructor)


def translate_survey(steps: Steps, instructor: Actor, survey_id: UUID) -> None:
    survey = steps.existing(Survey, survey_id)
    command = TranslateSurvey(
        survey_id=survey_id,
        language=LANGUAGE,
        title=TEXTS[survey.title],
        questions=_questions(survey),
    )
    steps.take(f"survey/{LANGUAGE}", command, instructor)


def _questions(asking: Assessment | Survey) -> list[QuestionTexts]:
    return [
        QuestionTexts(
            id=question.id,
            prompt=TEXTS[question.prompt],
            choices=[
                ChoiceText(id=choice.id, text=TEXTS[choice.text])
                for choice in question.choices
                if choice.text in TEXTS
            ],
        )
        for question in asking.questions
    ]
