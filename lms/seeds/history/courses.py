"""The courses: how each was written, published and maybe extended, and what one can take of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Final
from uuid import UUID

import msgspec

from domain.assessment import Assessment, Choice, QuestionKind
from domain.course import Course, Difficulty, LessonKind
from domain.course_surveys import CourseSurveys
from domain.survey import Survey, SurveyChoice, SurveyQuestionKind
from domain.unique_name import UniqueName
from lms.seeds.history.organisation import EARLY, teachers
from lms.seeds.history.plan import Plan, new_id
from lms.seeds.history.story import Story
from lms.seeds.history.words import (
    FORMS,
    LESSONS,
    MISCONCEPTIONS,
    MODULES,
    STATEMENTS,
    SUBJECTS,
)

ZIPF: Final = 0.85
"""The course of rank r is taken r ** -ZIPF times as often as the first."""
TYPICAL_SPAN: Final = timedelta(days=500)
_KINDS: Final = (LessonKind.TEXT, LessonKind.TEXT, LessonKind.VIDEO, LessonKind.PDF)


class Edition(msgspec.Struct, frozen=True):
    """A published version of a course."""

    at: datetime
    version: int
    lessons: list[UUID]
    assessments: list[UUID]


class Offer(msgspec.Struct):
    """A course as learners find it. `quality` (0 to 1) is what they will think of it."""

    id: UUID
    title: str
    subject: str
    instructors: list[UUID]
    popularity: float
    quality: float
    minutes: dict[UUID, int]
    editions: list[Edition] = []
    assessment: Assessment | None = None
    survey: Survey | None = None
    survey_opened_at: datetime | None = None

    @property
    def published_at(self) -> datetime:
        return self.editions[0].at

    def edition(self, at: datetime) -> Edition:
        """The version in force at that time."""
        return next(each for each in reversed(self.editions) if each.at <= at)

    def titles(self) -> dict[UUID, str]:
        """What the course and its parts are called."""
        parts = [part for part in (self.assessment, self.survey) if part is not None]
        return {self.id: self.title, **{part.id: part.title for part in parts}}


def tell_course(plan: Plan, number: int, story: Story) -> Offer:
    """The course of that number, from 0 up, the most popular first."""
    chance = plan.chance("course", number)
    return _Author(plan, number, story, chance).write()


def _minutes_later(at: datetime, chance: Random, most: int) -> datetime:
    return at + timedelta(seconds=chance.uniform(60, most * 60))


class _Author:
    """Writes one course, from the first word on."""

    def __init__(self, plan: Plan, number: int, story: Story, chance: Random) -> None:
        self.plan = plan
        self.number = number
        self.story = story
        self.chance = chance
        self.instructors = _some(teachers(plan), chance)
        self.me = self.instructors[0]
        self.at = plan.begin + EARLY + TYPICAL_SPAN * chance.random() ** 2
        self.subject, self.topic, self.title = _named(number)
        self.course = self._create()
        self.offer = Offer(
            id=self.course.id,
            title=self.title,
            subject=self.subject,
            instructors=self.instructors,
            popularity=(number + 1) ** -ZIPF,
            quality=chance.betavariate(5, 2.5),
            minutes={},
        )

    def write(self) -> Offer:
        for title in MODULES[: self.chance.randint(3, 6)]:
            self._add_module(title)
        if self.chance.random() < 0.9:
            self._add_assessment()
        self._publish()
        if self.chance.random() < 0.6:
            self._add_survey()
        later = self.at + timedelta(days=self.chance.uniform(60, 300))
        if self.chance.random() < 0.2 and later < self.plan.until - timedelta(days=1):
            self.at = later
            self._add_module("What has changed")
            self._publish()
        return self.offer

    def _create(self) -> Course:
        topic, code = self.topic, f"{self.topic[:3]}-{self.plan.tag}-{self.number + 100}".upper()
        id = self.plan.id("course", self.number)
        course = Course.create(
            id=id,
            title=self.title,
            description=f"{self.subject}, for everybody who needs it at work. "
            + " ".join(self.chance.sample(STATEMENTS, 3)),
            code=code,
            topic=topic,
            difficulty=self.chance.choice(list(Difficulty)),
            duration_minutes=self.chance.choice((45, 60, 90, 120, 180)),
            instructors=self.instructors,
            created_by=self.me,
            at=self.at,
        )
        name = UniqueName.claim(kind="course_code", name=code, owner_id=id, at=self.at)
        self.story.tell("CreateCourse", self.me, self.at, course, name)
        return course

    def _add_module(self, title: str) -> None:
        module_id = new_id(self.chance)
        self._pass(20)
        self.course.add_module(module_id=module_id, title=title, at=self.at)
        self.story.tell("AddModule", self.me, self.at, self.course)
        for lesson in self.chance.sample(LESSONS, self.chance.randint(1, 2)):
            self._add_lesson(module_id, lesson)

    def _add_lesson(self, module_id: UUID, title: str) -> None:
        lesson_id, minutes = new_id(self.chance), self.chance.choice((5, 8, 10, 15, 20, 30))
        self._pass(90)
        self.course.add_lesson(
            module_id=module_id,
            lesson_id=lesson_id,
            title=title,
            kind=self.chance.choice(_KINDS),
            content=f"# {title}\n\n" + "\n\n".join(self.chance.sample(STATEMENTS, 4)),
            duration_minutes=minutes,
            at=self.at,
        )
        self.offer.minutes[lesson_id] = minutes
        self.story.tell("AddLesson", self.me, self.at, self.course)

    def _add_assessment(self) -> None:
        self._pass(120)
        assessment = Assessment.create(
            id=new_id(self.chance),
            course_id=self.course.id,
            title=f"{self.title}: assessment",
            pass_mark=self.chance.choice((50, 60, 70, 80)),
            attempts_allowed=self.chance.choice((3, 3, 5, None)),
            created_by=self.me,
            at=self.at,
        )
        self.story.tell("CreateAssessment", self.me, self.at, assessment)
        for _ in range(self.chance.randint(4, 7)):
            self._pass(15)
            _add_question(assessment, self.chance, self.subject, self.at)
            self.story.tell("AddQuestion", self.me, self.at, assessment)
        self._pass(30)
        assessment.publish(at=self.at)
        self.course.add_assessment(assessment_id=assessment.id, at=self.at)
        self.story.tell("PublishAssessment", self.me, self.at, assessment, self.course)
        self.offer.assessment = assessment

    def _publish(self) -> None:
        self._pass(60 * 24)
        self.course.publish(at=self.at)
        self.story.tell("PublishCourse", self.me, self.at, self.course)
        edition = Edition(
            at=self.at,
            version=self.course.course_version,
            lessons=self.course.published_lessons,
            assessments=self.course.published_assessments,
        )
        self.offer.editions = [*self.offer.editions, edition]

    def _add_survey(self) -> None:
        self._pass(60 * 24)
        survey = Survey.create(
            id=new_id(self.chance),
            title=f"Your opinion on {self.title}",
            course_id=self.course.id,
            anonymous=self.chance.random() < 0.4,
            created_by=self.me,
            at=self.at,
        )
        _add_survey_questions(survey, self.chance, self.at)
        self.story.tell("CreateSurvey", self.me, self.at, survey)
        self._pass(60)
        survey.publish(at=self.at)
        index = CourseSurveys.begin(course_id=self.course.id, at=self.at)
        index.add(survey_id=survey.id, at=self.at)
        self.story.tell("PublishSurvey", self.me, self.at, survey, index)
        self.offer.survey, self.offer.survey_opened_at = survey, self.at

    def _pass(self, most: int) -> None:
        """Lets up to so many minutes pass."""
        self.at = _minutes_later(self.at, self.chance, most)


def _some(ids: Sequence[UUID], chance: Random) -> list[UUID]:
    return chance.sample(ids, min(len(ids), chance.choice((1, 1, 1, 2))))


def _named(number: int) -> tuple[str, str, str]:
    """Subject, topic and title of a course; no two titles are equal."""
    subjects = [(subject, topic) for topic, about in SUBJECTS.items() for subject in about]
    # A stride that has no factor in common with their number visits all, of mixed topics.
    subject, topic = subjects[number * 7 % len(subjects)]
    turn = number // len(subjects)
    title = FORMS[turn % len(FORMS)].format(subject)
    volume = turn // len(FORMS) + 1
    return subject, topic, title if volume == 1 else f"{title}, volume {volume}"


def _add_question(assessment: Assessment, chance: Random, subject: str, at: datetime) -> None:
    kind = chance.choice(list(QuestionKind))
    rights = 2 if kind is QuestionKind.MULTIPLE else 1
    wrongs = 1 if kind is QuestionKind.TRUE_FALSE else 3
    right = [(text, True) for text in chance.sample(STATEMENTS, rights)]
    texts = right + [(text, False) for text in chance.sample(MISCONCEPTIONS, wrongs)]
    chance.shuffle(texts)
    assessment.add_question(
        question_id=new_id(chance),
        kind=kind,
        prompt=f"Which holds for {subject.lower()}? ({len(assessment.questions) + 1})",
        points=chance.choice((1, 1, 2)),
        choices=[Choice(id=new_id(chance), text=text, correct=ok) for text, ok in texts],
        at=at,
    )


def _add_survey_questions(survey: Survey, chance: Random, at: datetime) -> None:
    paces = [SurveyChoice(id=new_id(chance), text=text) for text in ("slow", "right", "fast")]
    kinds = SurveyQuestionKind
    for kind, prompt, required, choices in (
        (kinds.RATING, "How well was it explained?", True, []),
        (kinds.NPS, "How likely is it that you recommend this course?", False, []),
        (kinds.SINGLE, "How was the pace?", False, paces),
        (kinds.TEXT, "What should we change?", False, []),
    ):
        survey.add_question(
            question_id=new_id(chance),
            kind=kind,
            prompt=prompt,
            required=required,
            choices=choices,
            at=at,
        )
