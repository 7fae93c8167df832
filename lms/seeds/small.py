"""The small seeds: people in every role, one course with all its parts, one learner in it."""

from typing import Final
from uuid import UUID

from access.actor import Actor
from access.strength import WeakPassword, check_strength
from commands.assessment import AddQuestion, CreateAssessment, NewChoice, PublishAssessment
from commands.course import AddLesson, AddModule, CreateCourse, PublishCourse
from commands.enrollment import EnrollLearner, UpdateProgress
from commands.survey import CreateSurvey, NewSurveyChoice, NewSurveyQuestion, PublishSurvey
from domain.course import Difficulty
from domain.survey import SurveyQuestionKind
from lms.composition import command_side
from lms.seeds import rust_course as rust
from lms.seeds.consent import describe_purposes
from lms.seeds.german import translate_assessment, translate_course, translate_survey
from lms.seeds.people import ADMIN, INSTRUCTOR, JOHN, are_begun, register_people
from lms.seeds.steps import Steps
from lms.settings import Settings, SettingsError

CONNECTIONS: Final = 2
SURVEY: Final = (
    NewSurveyQuestion(
        kind=SurveyQuestionKind.RATING, prompt="How well was it explained?", required=True
    ),
    NewSurveyQuestion(
        kind=SurveyQuestionKind.NPS, prompt="How likely is it that you recommend this course?"
    ),
    NewSurveyQuestion(
        kind=SurveyQuestionKind.SINGLE,
        prompt="How was the pace?",
        choices=[NewSurveyChoice(text=text) for text in ("too slow", "just right", "too fast")],
    ),
    NewSurveyQuestion(kind=SurveyQuestionKind.TEXT, prompt="What should we change?"),
)


def plant(settings: Settings) -> int:
    """Does whatever of the seeds isn't done yet; returns how many commands that took.

    Raises `SettingsError` before anything is written when the password is too weak, and
    `DomainError` when somebody else uses one of the user names.
    """
    _check(settings)
    with command_side(settings, connections=CONNECTIONS) as side:
        return _plant(Steps(side), settings)


def plant_if_new(settings: Settings) -> int:
    """Plants into an empty log, or goes on where planting was cut short; leaves others alone.

    Raises as `plant` does.
    """
    with command_side(settings, connections=CONNECTIONS) as side:
        steps = Steps(side)
        if side.log.recorder.max_notification_id() is not None and not are_begun(steps):
            return 0
        _check(settings)
        return _plant(steps, settings)


def _check(settings: Settings) -> None:
    try:
        check_strength(settings.seed_password, settings.password_score)
    except WeakPassword as error:
        raise SettingsError([f"LMS_SEED_PASSWORD is too weak. {error.detail}"]) from None


def _plant(steps: Steps, settings: Settings) -> int:
    if not are_begun(steps):
        settings.data_folder().remember_seed_password(settings.seed_password)
    actors = register_people(steps, settings.seed_password)
    describe_purposes(steps, actors[ADMIN.username])
    instructor, john = actors[INSTRUCTOR.username], actors[JOHN.username]
    course_id, lessons = _write_course(steps, instructor)
    assessment_id = _write_assessment(steps, instructor, course_id)
    steps.take("course/publish", PublishCourse(course_id=course_id), instructor)
    survey_id = _write_survey(steps, instructor, course_id)
    if steps.find("enrollment", john) is None:  # else it was planted before there was German
        translate_course(steps, instructor, course_id)
        translate_assessment(steps, instructor, assessment_id)
        translate_survey(steps, instructor, survey_id)
    _begin_course(steps, john, course_id, lessons)
    return steps.taken


def _write_course(steps: Steps, instructor: Actor) -> tuple[UUID, list[UUID]]:
    create = CreateCourse(
        title=rust.TITLE,
        description=rust.DESCRIPTION,
        code=rust.CODE,
        topic="programming",
        difficulty=Difficulty.BEGINNER,
        duration_minutes=sum(lesson.minutes for part in rust.MODULES.values() for lesson in part),
    )
    course_id = steps.take("course", create, instructor)
    lessons = []
    for number, (title, module) in enumerate(rust.MODULES.items(), 1):
        add_module = AddModule(course_id=course_id, title=title)
        module_id = steps.take(f"course/{number}", add_module, instructor)
        for place, lesson in enumerate(module, 1):
            add = _lesson(course_id, module_id, lesson)
            lessons.append(steps.take(f"course/{number}/{place}", add, instructor))
    return course_id, lessons


def _lesson(course_id: UUID, module_id: UUID, lesson: rust.SeededLesson) -> AddLesson:
    return AddLesson(
        course_id=course_id,
        module_id=module_id,
        title=lesson.title,
        kind=lesson.kind,
        content=lesson.content,
        duration_minutes=lesson.minutes,
    )


def _write_assessment(steps: Steps, instructor: Actor, course_id: UUID) -> UUID:
    create = CreateAssessment(
        course_id=course_id,
        title=rust.ASSESSMENT,
        pass_mark=rust.PASS_MARK,
        attempts_allowed=rust.ATTEMPTS,
    )
    assessment_id = steps.take("assessment", create, instructor)
    for number, question in enumerate(rust.QUESTIONS, 1):
        right = [NewChoice(text=text, correct=True) for text in question.right]
        wrong = [NewChoice(text=text) for text in question.wrong]
        choices = sorted(right + wrong, key=lambda choice: choice.text)
        add = AddQuestion(
            assessment_id=assessment_id,
            kind=question.kind,
            prompt=question.prompt,
            choices=choices,
            points=question.points,
        )
        steps.take(f"assessment/{number}", add, instructor)
    publish = PublishAssessment(assessment_id=assessment_id)
    steps.take("assessment/publish", publish, instructor)
    return assessment_id


def _write_survey(steps: Steps, instructor: Actor, course_id: UUID) -> UUID:
    create = CreateSurvey(
        title=f"Your opinion on {rust.TITLE}", course_id=course_id, questions=list(SURVEY)
    )
    survey_id = steps.take("survey", create, instructor)
    steps.take("survey/publish", PublishSurvey(survey_id=survey_id), instructor)
    return survey_id


def _begin_course(steps: Steps, learner: Actor, course_id: UUID, lessons: list[UUID]) -> None:
    enroll = EnrollLearner(course_id=course_id)
    enrollment_id = steps.take("enrollment", enroll, learner)
    first, second = lessons[:2]
    done = UpdateProgress(enrollment_id=enrollment_id, lesson_id=first, percent=100, seconds=9 * 60)
    steps.take("enrollment/1", done, learner)
    begun = UpdateProgress(
        enrollment_id=enrollment_id,
        lesson_id=second,
        percent=40,
        seconds=8 * 60,
        bookmark="fn area",
    )
    steps.take("enrollment/2", begun, learner)
