"""Read model: who is in which course, how far, and how it ended."""

from collections.abc import Iterable
from uuid import UUID

from domain.enrollment import Enrollment
from domain.retention import ExpiredRecord, RecordKind
from event_store.record import Record
from projections.projection import Projection, Statement, on


class EnrollmentProjection(Projection):
    """Tables `enrollment`, `lesson_progress`, `enrollment_assessment`.

    `percent` is the mean over the lessons of the version begun, rounded down.
    """

    name = "enrollment"
    version = 3

    @on(Enrollment.Created)
    def created(self, event: Enrollment.Created, record: Record) -> Iterable[Statement]:
        yield Statement(
            "INSERT INTO enrollment (id, learner_id, course_id, course_version, source,"
            " enrolled_by, assessments, due_at, lesson_count, enrolled_at, updated_at, version)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                record.stream_id,
                event.learner_id,
                event.course_id,
                event.course_version,
                event.source,
                event.enrolled_by,
                event.assessments,
                event.due_at,
                len(event.lessons),
                event.timestamp,
                event.timestamp,
                record.version,
            ),
        )
        yield _lay_out(record.stream_id, event.lessons)

    @on(Enrollment.Reinstated)
    def reinstated(self, event: Enrollment.Reinstated, record: Record) -> Iterable[Statement]:
        """There is no row when the enrolment had expired."""
        id = record.stream_id
        if event.anew:
            yield from _gone(id)
        yield Statement(
            "DELETE FROM lesson_progress WHERE enrollment_id = %s AND NOT lesson_id = ANY(%s)",
            (id, event.lessons),
        )
        yield Statement(
            "DELETE FROM enrollment_assessment"
            " WHERE enrollment_id = %s AND NOT assessment_id = ANY(%s)",
            (id, event.assessments),
        )
        yield _lay_out(id, event.lessons)
        yield Statement(
            "INSERT INTO enrollment AS known (id, learner_id, course_id, course_version, source,"
            " enrolled_by, assessments, due_at, lesson_count, percent_sum, enrolled_at, updated_at,"
            " version) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s,"
            " (SELECT coalesce(sum(percent), 0) FROM lesson_progress WHERE enrollment_id = %s),"
            " %s, %s, %s) ON CONFLICT (id) DO UPDATE SET status = 'active',"
            " course_version = excluded.course_version, source = excluded.source,"
            " enrolled_by = excluded.enrolled_by, assessments = excluded.assessments,"
            " due_at = excluded.due_at, lesson_count = excluded.lesson_count,"
            " percent_sum = excluded.percent_sum, withdrawn_at = NULL, withdrawal_reason = NULL,"
            " updated_at = excluded.updated_at, version = excluded.version",
            (
                id,
                event.learner_id,
                event.course_id,
                event.course_version,
                event.source,
                event.enrolled_by,
                event.assessments,
                event.due_at,
                len(event.lessons),
                id,
                event.timestamp,
                event.timestamp,
                record.version,
            ),
        )

    @on(Enrollment.ProgressUpdated)
    def progress_updated(
        self, event: Enrollment.ProgressUpdated, record: Record
    ) -> Iterable[Statement]:
        yield Statement(
            "WITH lesson AS (UPDATE lesson_progress SET percent = %s, seconds = seconds + %s,"
            " bookmark = %s, updated_at = %s WHERE enrollment_id = %s AND lesson_id = %s"
            " RETURNING new.percent - old.percent AS gained)"
            " UPDATE enrollment SET percent_sum = percent_sum + (SELECT gained FROM lesson),"
            " seconds = seconds + %s, last_lesson_id = %s, last_activity_at = %s,"
            " updated_at = %s, version = %s WHERE id = %s",
            (
                event.percent,
                event.seconds,
                event.bookmark,
                event.timestamp,
                record.stream_id,
                event.lesson_id,
                event.seconds,
                event.lesson_id,
                event.timestamp,
                event.timestamp,
                record.version,
                record.stream_id,
            ),
        )

    @on(Enrollment.LessonCompleted)
    def lesson_completed(
        self, event: Enrollment.LessonCompleted, record: Record
    ) -> Iterable[Statement]:
        yield Statement(
            "WITH lesson AS (UPDATE lesson_progress SET completed_at = %s"
            " WHERE enrollment_id = %s AND lesson_id = %s)"
            " UPDATE enrollment SET updated_at = %s, version = %s WHERE id = %s",
            (
                event.timestamp,
                record.stream_id,
                event.lesson_id,
                event.timestamp,
                record.version,
                record.stream_id,
            ),
        )

    @on(Enrollment.AssessmentPassed)
    def assessment_passed(
        self, event: Enrollment.AssessmentPassed, record: Record
    ) -> Iterable[Statement]:
        yield Statement(
            "INSERT INTO enrollment_assessment"
            " (enrollment_id, assessment_id, attempt_id, score, passed_at)"
            " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (enrollment_id, assessment_id) DO UPDATE"
            " SET attempt_id = excluded.attempt_id, score = excluded.score",
            (
                record.stream_id,
                event.assessment_id,
                event.attempt_id,
                event.score,
                event.timestamp,
            ),
        )
        yield Statement(
            "UPDATE enrollment SET updated_at = %s, version = %s WHERE id = %s",
            (event.timestamp, record.version, record.stream_id),
        )

    @on(Enrollment.Completed)
    def completed(self, event: Enrollment.Completed, record: Record) -> Iterable[Statement]:
        yield Statement(
            "UPDATE enrollment SET status = 'completed', completed_at = %s, score = %s,"
            " updated_at = %s, version = %s WHERE id = %s",
            (event.timestamp, event.score, event.timestamp, record.version, record.stream_id),
        )

    @on(Enrollment.Withdrawn)
    def withdrawn(self, event: Enrollment.Withdrawn, record: Record) -> Iterable[Statement]:
        yield Statement(
            "UPDATE enrollment SET status = 'withdrawn', withdrawn_at = %s,"
            " withdrawal_reason = %s, updated_at = %s, version = %s WHERE id = %s",
            (event.timestamp, event.reason, event.timestamp, record.version, record.stream_id),
        )

    @on(ExpiredRecord.Expired)
    def expired(self, event: ExpiredRecord.Expired, _: Record) -> Iterable[Statement]:
        """It goes from the views; what was counted stays counted."""
        if event.kind is RecordKind.ENROLLMENT:
            yield from _gone(event.record_id)


def _gone(enrollment_id: UUID) -> Iterable[Statement]:
    for_it = (enrollment_id,)
    yield Statement("DELETE FROM lesson_progress WHERE enrollment_id = %s", for_it)
    yield Statement("DELETE FROM enrollment_assessment WHERE enrollment_id = %s", for_it)
    yield Statement("DELETE FROM enrollment WHERE id = %s", for_it)


def _lay_out(enrollment_id: UUID, lessons: list[UUID]) -> Statement:
    """A row for each lesson, in order; what was learnt in one of them before stays."""
    return Statement(
        "INSERT INTO lesson_progress (enrollment_id, lesson_id, ordinal)"
        " SELECT %s, lesson_id, ordinal FROM unnest(%s::uuid[])"
        " WITH ORDINALITY AS lesson (lesson_id, ordinal)"
        " ON CONFLICT (enrollment_id, lesson_id) DO UPDATE SET ordinal = excluded.ordinal",
        (enrollment_id, lessons),
    )
