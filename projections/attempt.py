"""Read model: attempts at assessments, with what was answered and how it was graded."""

from collections.abc import Iterable

from domain.attempt import Attempt
from domain.retention import ExpiredRecord, RecordKind
from event_store.record import Record
from projections.projection import Projection, Statement, on


class AttemptProjection(Projection):
    """Tables `attempt`, `attempt_answer`. A question that was not answered has no choices."""

    name = "attempt"
    version = 3

    @on(Attempt.Started)
    def started(self, event: Attempt.Started, record: Record) -> Iterable[Statement]:
        yield Statement(
            "INSERT INTO attempt (id, assessment_id, assessment_version, course_id,"
            " enrollment_id, learner_id, number, started_at, updated_at, version)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                record.stream_id,
                event.assessment_id,
                event.assessment_version,
                event.course_id,
                event.enrollment_id,
                event.learner_id,
                event.number,
                event.timestamp,
                event.timestamp,
                record.version,
            ),
        )

    @on(Attempt.Submitted)
    def submitted(self, event: Attempt.Submitted, record: Record) -> Iterable[Statement]:
        yield Statement(
            "UPDATE attempt SET status = 'submitted', submitted_at = %s, updated_at = %s,"
            " version = %s WHERE id = %s",
            (event.timestamp, event.timestamp, record.version, record.stream_id),
        )
        for answer in event.answers:
            yield Statement(
                "INSERT INTO attempt_answer (attempt_id, question_id, choices) VALUES (%s, %s, %s)",
                (record.stream_id, answer.question_id, answer.choices),
            )

    @on(Attempt.Graded)
    def graded(self, event: Attempt.Graded, record: Record) -> Iterable[Statement]:
        yield Statement(
            "UPDATE attempt SET status = 'graded', score = %s, points = %s, max_points = %s,"
            " passed = %s, graded_by = %s, grade_reason = %s, graded_at = %s, updated_at = %s,"
            " version = %s WHERE id = %s",
            (
                event.score,
                event.points,
                event.max_points,
                event.passed,
                event.graded_by,
                event.reason,
                event.timestamp,
                event.timestamp,
                record.version,
                record.stream_id,
            ),
        )
        for result in event.results:
            yield Statement(
                "INSERT INTO attempt_answer (attempt_id, question_id, correct, points)"
                " VALUES (%s, %s, %s, %s) ON CONFLICT (attempt_id, question_id) DO UPDATE"
                " SET correct = excluded.correct, points = excluded.points",
                (record.stream_id, result.question_id, result.correct, result.points),
            )

    @on(ExpiredRecord.Expired)
    def expired(self, event: ExpiredRecord.Expired, _: Record) -> Iterable[Statement]:
        """It goes from the views; what was counted stays counted."""
        if event.kind is RecordKind.ATTEMPT:
            yield Statement("DELETE FROM attempt_answer WHERE attempt_id = %s", (event.record_id,))
            yield Statement("DELETE FROM attempt WHERE id = %s", (event.record_id,))
