"""Read model: the catalogue of courses, their modules and their lessons."""

from collections.abc import Iterable

from domain.course import Course
from event_store.record import Record
from projections.projection import Projection, Statement, on
from projections.translation import translated, translation_removed


class CourseProjection(Projection):
    """Tables `course`, `course_module`, `course_lesson`, `course_translation`.

    `course.search` is a full-text column: match it with `websearch_to_tsquery('english', q)` or
    `('simple', q)`. A lesson is `published` when the version in force has it.
    """

    name = "course"
    version = 3

    @on(Course.Created)
    def created(self, event: Course.Created, record: Record) -> Iterable[Statement]:
        yield Statement(
            "INSERT INTO course (id, title, description, code, topic, department, department_id,"
            " difficulty, language, duration_minutes, instructors, created_by, created_at,"
            " updated_at, version)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                record.stream_id,
                event.title,
                event.description,
                event.code,
                event.topic,
                event.department,
                event.department_id,
                event.difficulty,
                event.language,
                event.duration_minutes,
                event.instructors,
                event.created_by,
                event.timestamp,
                event.timestamp,
                record.version,
            ),
        )

    @on(Course.DetailsChanged)
    def details_changed(self, event: Course.DetailsChanged, record: Record) -> Iterable[Statement]:
        yield Statement(
            "UPDATE course SET title = coalesce(%s, title),"
            " description = coalesce(%s, description),"
            " topic = coalesce(%s, CASE WHEN NOT %s THEN topic END),"
            " department = coalesce(%s, CASE WHEN NOT %s THEN department END),"
            " department_id = coalesce(%s, CASE WHEN NOT %s THEN department_id END),"
            " difficulty = coalesce(%s, CASE WHEN NOT %s THEN difficulty END),"
            " language = coalesce(%s, language),"
            " duration_minutes = coalesce(%s, CASE WHEN NOT %s THEN duration_minutes END),"
            " instructors = coalesce(%s, instructors), updated_at = %s, version = %s"
            " WHERE id = %s",
            (
                event.title,
                event.description,
                event.topic,
                "topic" in event.cleared,
                event.department,
                "department" in event.cleared,
                event.department_id,
                "department_id" in event.cleared,
                event.difficulty,
                "difficulty" in event.cleared,
                event.language,
                event.duration_minutes,
                "duration_minutes" in event.cleared,
                event.instructors,
                event.timestamp,
                record.version,
                record.stream_id,
            ),
        )

    @on(Course.ModuleAdded)
    def module_added(self, event: Course.ModuleAdded, record: Record) -> Iterable[Statement]:
        yield Statement(
            "INSERT INTO course_module (id, course_id, ordinal, title)"
            " SELECT %s, %s, count(*) + 1, %s FROM course_module WHERE course_id = %s",
            (event.module_id, record.stream_id, event.title, record.stream_id),
        )
        yield self._changed(event, record)

    @on(Course.LessonAdded)
    def lesson_added(self, event: Course.LessonAdded, record: Record) -> Iterable[Statement]:
        lesson, course_id = event.lesson, record.stream_id
        yield Statement(
            "INSERT INTO course_lesson"
            " (id, course_id, module_id, ordinal, title, kind, content, duration_minutes)"
            " SELECT %s, %s, %s, count(*) + 1, %s, %s, %s, %s FROM course_lesson"
            " WHERE course_id = %s AND module_id = %s",
            (
                lesson.id,
                course_id,
                event.module_id,
                lesson.title,
                lesson.kind,
                lesson.content,
                lesson.duration_minutes,
                course_id,
                event.module_id,
            ),
        )
        yield self._changed(event, record)

    @on(Course.AssessmentAdded)
    def assessment_added(
        self, event: Course.AssessmentAdded, record: Record
    ) -> Iterable[Statement]:
        yield Statement(
            "UPDATE course SET assessments = assessments || %s, published_assessments ="
            " CASE WHEN %s THEN assessments || %s ELSE published_assessments END,"
            " updated_at = %s, version = %s WHERE id = %s",
            (
                event.assessment_id,
                event.in_force,
                event.assessment_id,
                event.timestamp,
                record.version,
                record.stream_id,
            ),
        )

    @on(Course.Published)
    def published(self, event: Course.Published, record: Record) -> Iterable[Statement]:
        yield Statement(
            "UPDATE course SET status = 'published', course_version = %s, lesson_count = %s,"
            " published_assessments = %s, published_at = %s, updated_at = %s, version = %s"
            " WHERE id = %s",
            (
                event.course_version,
                len(event.lessons),
                event.assessments,
                event.timestamp,
                event.timestamp,
                record.version,
                record.stream_id,
            ),
        )
        yield Statement(
            "UPDATE course_lesson SET published = (id = ANY(%s)) WHERE course_id = %s",
            (event.lessons, record.stream_id),
        )

    @on(Course.Archived)
    def archived(self, event: Course.Archived, record: Record) -> Iterable[Statement]:
        yield Statement(
            "UPDATE course SET status = 'archived', archived_at = %s, updated_at = %s,"
            " version = %s WHERE id = %s",
            (event.timestamp, event.timestamp, record.version, record.stream_id),
        )

    @on(Course.Translated)
    def translated(self, event: Course.Translated, record: Record) -> Iterable[Statement]:
        yield from translated("course", event, record)
        yield self._titles(record)

    @on(Course.TranslationRemoved)
    def translation_removed(
        self, event: Course.TranslationRemoved, record: Record
    ) -> Iterable[Statement]:
        yield from translation_removed("course", event, record)
        yield self._titles(record)

    @staticmethod
    def _changed(event: Course.ModuleAdded | Course.LessonAdded, record: Record) -> Statement:
        return Statement(
            "UPDATE course SET updated_at = %s, version = %s WHERE id = %s",
            (event.timestamp, record.version, record.stream_id),
        )

    @staticmethod
    def _titles(record: Record) -> Statement:
        return Statement(
            "UPDATE course SET translated_titles = (SELECT coalesce(string_agg(text, ' '"
            " ORDER BY language), '') FROM course_translation"
            " WHERE course_id = %s AND part_id = %s AND field = 'title') WHERE id = %s",
            (record.stream_id, record.stream_id, record.stream_id),
        )
