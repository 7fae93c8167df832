"""A course: modules of lessons, written as a draft, published in versions."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from domain import text, translation
from domain.aggregate import Aggregate, event
from domain.changes import changed_fields, upcast_without_cleared
from domain.course_details import CONTENT, DESCRIPTION, TITLE, checked, minutes
from domain.errors import Conflict, NotFound
from domain.languages import required_tag


class Difficulty(StrEnum):
    BEGINNER = "beginner"
    INTERMEDIATE = "intermediate"
    ADVANCED = "advanced"


class LessonKind(StrEnum):
    VIDEO = "video"
    TEXT = "text"
    PDF = "pdf"
    LINK = "link"
    ASSIGNMENT = "assignment"
    QUIZ = "quiz"
    LIVE_SESSION = "live_session"
    PACKAGE = "package"


class CourseStatus(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    ARCHIVED = "archived"


class Lesson(msgspec.Struct, frozen=True):
    id: UUID
    title: str
    kind: LessonKind
    content: str
    duration_minutes: int


class CourseIsEmpty(Conflict):
    code = "course-is-empty"


class CourseIsArchived(Conflict):
    code = "course-is-archived"


class NothingNewToPublish(Conflict):
    code = "nothing-new-to-publish"


class CourseNotPublished(Conflict):
    code = "course-not-published"


class ModuleNotFound(NotFound):
    code = "module-not-found"


MAX_LESSONS = 2_000
ADDRESSED = frozenset({LessonKind.VIDEO, LessonKind.PDF, LessonKind.LINK, LessonKind.PACKAGE})
"""Kinds of lessons whose content says where something is: it is the same in every language."""


class Course(Aggregate):
    STREAM_TYPE = "course"

    title: str
    language: str
    status: CourseStatus
    instructors: list[UUID]
    modules: dict[UUID, list[Lesson]]
    assessments: list[UUID]
    course_version: int
    published_lessons: list[UUID]
    published_assessments: list[UUID]
    translations: translation.Translations

    class Created(Aggregate.Created):
        TOPIC = "course.created"
        title: str
        description: str
        code: str | None
        topic: str | None
        department: str | None
        difficulty: Difficulty | None
        language: str
        duration_minutes: int | None
        instructors: list[UUID]
        created_by: UUID | None
        department_id: UUID | None = None

    class DetailsChanged(Aggregate.Event):
        """Carries what changed: new values, and in `cleared` the fields that have none any more.

        `department` is the name that the department had when the course came into it.
        """

        TOPIC = "course.details_changed"
        class_version = 2
        title: str | None = None
        description: str | None = None
        topic: str | None = None
        department: str | None = None
        difficulty: Difficulty | None = None
        language: str | None = None
        duration_minutes: int | None = None
        instructors: list[UUID] | None = None
        department_id: UUID | None = None
        cleared: list[str] = field(default_factory=list)

        @staticmethod
        def upcast_v1_v2(state: dict[str, Any]) -> None:
            upcast_without_cleared(state)

    class ModuleAdded(Aggregate.Event):
        TOPIC = "course.module_added"
        module_id: UUID
        title: str

    class LessonAdded(Aggregate.Event):
        TOPIC = "course.lesson_added"
        module_id: UUID
        lesson: Lesson

    class AssessmentAdded(Aggregate.Event):
        TOPIC = "course.assessment_added"
        assessment_id: UUID
        in_force: bool

    class Published(Aggregate.Event):
        TOPIC = "course.published"
        course_version: int
        lessons: list[UUID]
        assessments: list[UUID]

    class Archived(Aggregate.Event):
        TOPIC = "course.archived"
        reason: str | None

    class Translated(Aggregate.Event):
        """What has changed; a part is the course itself, a module or a lesson."""

        TOPIC = "course.translated"
        language: str
        texts: list[translation.TranslatedText]

    class TranslationRemoved(Aggregate.Event):
        TOPIC = "course.translation_removed"
        language: str

    def __init__(self, title: str, language: str, instructors: list[UUID]) -> None:
        self.title = title
        self.language = language
        self.status = CourseStatus.DRAFT
        self.instructors = instructors
        self.modules = {}
        self.assessments = []
        self.course_version = 0
        self.published_lessons = []
        self.published_assessments = []
        self.translations = {}

    @classmethod
    def create(
        cls,
        *,
        id: UUID,
        title: str,
        description: str,
        created_by: UUID | None,
        at: datetime,
        code: str | None = None,
        topic: str | None = None,
        department: str | None = None,
        department_id: UUID | None = None,
        difficulty: Difficulty | None = None,
        language: str = "en",
        duration_minutes: int | None = None,
        instructors: list[UUID] | None = None,
    ) -> "Course":
        return cls._create(
            cls.Created,
            id=id,
            timestamp=at,
            title=text.required(title, "title", TITLE),
            description=text.optional(description, "description", DESCRIPTION) or "",
            code=text.optional(code, "code", 64),
            topic=text.optional(topic, "topic", 100),
            department=text.optional(department, "department", 100),
            department_id=department_id,
            difficulty=difficulty,
            language=required_tag(language, "language"),
            duration_minutes=minutes(duration_minutes),
            instructors=instructors or [],
            created_by=created_by,
        )

    def change_details(
        self,
        *,
        at: datetime,
        title: str | UnsetType = UNSET,
        description: str | UnsetType = UNSET,
        topic: str | UnsetType | None = UNSET,
        department: str | UnsetType | None = UNSET,
        department_id: UUID | UnsetType | None = UNSET,
        difficulty: Difficulty | UnsetType | None = UNSET,
        language: str | UnsetType = UNSET,
        duration_minutes: int | UnsetType | None = UNSET,
        instructors: list[UUID] | UnsetType = UNSET,
    ) -> None:
        """`None` clears a field, `UNSET` leaves it as it is."""
        self._must_not_be_archived()
        given = {
            "title": title,
            "description": description,
            "topic": topic,
            "department": department,
            "department_id": department_id,
            "difficulty": difficulty,
            "language": language,
            "duration_minutes": duration_minutes,
            "instructors": instructors,
        }
        wanted = {
            name: value if value is UNSET else checked(name, value) for name, value in given.items()
        }
        known = {"title": self.title, "instructors": self.instructors}
        changes = changed_fields(wanted, known)
        if changes:
            self.trigger_event(self.DetailsChanged, timestamp=at, **changes)

    def add_module(self, *, module_id: UUID, title: str, at: datetime) -> None:
        self._must_not_be_archived()
        title = text.required(title, "title", TITLE)
        self.trigger_event(self.ModuleAdded, timestamp=at, module_id=module_id, title=title)

    def add_lesson(
        self,
        *,
        module_id: UUID,
        lesson_id: UUID,
        title: str,
        kind: LessonKind,
        content: str,
        duration_minutes: int,
        at: datetime,
    ) -> None:
        self._must_not_be_archived()
        if module_id not in self.modules:
            raise ModuleNotFound("This course has no such module.")
        if len(self.lessons) >= MAX_LESSONS:
            raise Conflict(f"A course holds at most {MAX_LESSONS} lessons.")
        lesson = Lesson(
            id=lesson_id,
            title=text.required(title, "title", TITLE),
            kind=kind,
            content=text.optional(content, "content", CONTENT) or "",
            duration_minutes=minutes(duration_minutes) or 0,
        )
        self.trigger_event(self.LessonAdded, timestamp=at, module_id=module_id, lesson=lesson)

    def add_assessment(self, *, assessment_id: UUID, at: datetime) -> None:
        """A published assessment becomes part of the course: at once for enrolments to come,
        never for those that began before it."""
        self._must_not_be_archived()
        if assessment_id not in self.assessments:
            in_force = self.status is CourseStatus.PUBLISHED
            self.trigger_event(
                self.AssessmentAdded, timestamp=at, assessment_id=assessment_id, in_force=in_force
            )

    def publish(self, *, at: datetime) -> None:
        self._must_not_be_archived()
        lessons = self.lessons
        if not lessons:
            raise CourseIsEmpty("A course needs at least one lesson to be published.")
        if (lessons, self.assessments) == (self.published_lessons, self.published_assessments):
            raise NothingNewToPublish("Nothing has changed since the last published version.")
        self.trigger_event(
            self.Published,
            timestamp=at,
            course_version=self.course_version + 1,
            lessons=lessons,
            assessments=list(self.assessments),
        )

    def archive(self, *, reason: str | None, at: datetime) -> None:
        self._must_not_be_archived()
        reason = text.optional(reason, "reason", 1_000)
        self.trigger_event(self.Archived, timestamp=at, reason=reason)

    def translate(
        self, *, language: str, given: Iterable[translation.GivenTexts], at: datetime
    ) -> None:
        """Says texts of the course, its modules and its lessons in another language, from now on.

        Parts are known by `"course"`, `("modules", id)` and `("lessons", id)`.
        """
        self._must_not_be_archived()
        tag, texts = translation.new_texts(
            self.translations, language, given, self._limits(), original=self.language
        )
        if texts:
            self.trigger_event(self.Translated, timestamp=at, language=tag, texts=texts)

    def remove_translation(self, *, language: str, at: datetime) -> None:
        self._must_not_be_archived()
        tag = translation.existing(self.translations, language)
        self.trigger_event(self.TranslationRemoved, timestamp=at, language=tag)

    def must_be_open(self) -> None:
        """Raises unless learners can enrol."""
        self._must_not_be_archived()
        if self.status is not CourseStatus.PUBLISHED:
            raise CourseNotPublished("This course isn't published yet.")

    @property
    def lessons(self) -> list[UUID]:
        return [lesson.id for module in self.modules.values() for lesson in module]

    def _limits(self) -> translation.Limits:
        titled, written = {"title": TITLE}, {"title": TITLE, "content": CONTENT}
        limits: dict[Hashable, Mapping[str, int]] = {
            "course": {"title": TITLE, "description": DESCRIPTION}
        }
        for module_id, lessons in self.modules.items():
            limits["modules", module_id] = titled
            for lesson in lessons:
                limits["lessons", lesson.id] = titled if lesson.kind in ADDRESSED else written
        return limits

    def _must_not_be_archived(self) -> None:
        if self.status is CourseStatus.ARCHIVED:
            raise CourseIsArchived("This course has been archived.")

    @event(DetailsChanged)
    def _details_changed(
        self, title: str | None, language: str | None, instructors: list[UUID] | None
    ) -> None:
        self.title = title or self.title
        self.language = language or self.language
        self.instructors = self.instructors if instructors is None else instructors

    @event(ModuleAdded)
    def _module_added(self, module_id: UUID) -> None:
        self.modules[module_id] = []

    @event(LessonAdded)
    def _lesson_added(self, module_id: UUID, lesson: Lesson) -> None:
        self.modules[module_id].append(lesson)

    @event(AssessmentAdded)
    def _assessment_added(self, assessment_id: UUID, in_force: bool) -> None:
        self.assessments.append(assessment_id)
        if in_force:
            self.published_assessments = list(self.assessments)

    @event(Published)
    def _published(self, course_version: int, lessons: list[UUID], assessments: list[UUID]) -> None:
        self.status = CourseStatus.PUBLISHED
        self.course_version = course_version
        self.published_lessons = lessons
        self.published_assessments = assessments

    @event(Archived)
    def _archived(self) -> None:
        self.status = CourseStatus.ARCHIVED

    @event(Translated)
    def _translated(self, language: str, texts: list[translation.TranslatedText]) -> None:
        translation.put(self.translations, language, texts)

    @event(TranslationRemoved)
    def _translation_removed(self, language: str) -> None:
        del self.translations[language]
