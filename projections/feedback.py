"""Read model: what learners say about courses, and how each course is rated."""

from collections.abc import Iterable

from domain.aggregate import ERASED
from domain.feedback import Feedback
from domain.learner import Learner
from domain.retention import ExpiredRecord, RecordKind
from event_store.record import Record
from projections.projection import Projection, Statement, on


class FeedbackProjection(Projection):
    """Tables `feedback` and, summed up by course, `course_rating`."""

    name = "feedback"
    version = 3

    @on(Feedback.Submitted)
    def submitted(self, event: Feedback.Submitted, record: Record) -> Iterable[Statement]:
        yield Statement(
            "INSERT INTO feedback (id, course_id, learner_id, rating, feedback_text,"
            " submitted_at, updated_at, version) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            (
                record.stream_id,
                event.course_id,
                event.learner_id,
                event.rating,
                event.feedback_text,
                event.timestamp,
                event.timestamp,
                record.version,
            ),
        )
        yield Statement(
            "INSERT INTO course_rating AS course (course_id, ratings, rating_sum)"
            " VALUES (%s, 1, %s) ON CONFLICT (course_id) DO UPDATE SET"
            " ratings = course.ratings + 1,"
            " rating_sum = course.rating_sum + excluded.rating_sum",
            (event.course_id, event.rating),
        )

    @on(Feedback.Revised)
    def revised(self, event: Feedback.Revised, record: Record) -> Iterable[Statement]:
        """What had expired is there again, and counts as another one."""
        yield Statement(
            "UPDATE course_rating SET rating_sum = rating_sum + %s"
            " - coalesce((SELECT rating FROM feedback WHERE id = %s), 0),"
            " ratings = ratings + (NOT EXISTS (SELECT FROM feedback WHERE id = %s))::int"
            " WHERE course_id = %s",
            (event.rating, record.stream_id, record.stream_id, event.course_id),
        )
        yield Statement(
            "INSERT INTO feedback (id, course_id, learner_id, rating, feedback_text,"
            " submitted_at, updated_at, version) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (id) DO UPDATE SET rating = excluded.rating,"
            " feedback_text = excluded.feedback_text, updated_at = excluded.updated_at,"
            " version = excluded.version",
            (
                record.stream_id,
                event.course_id,
                event.learner_id,
                event.rating,
                event.feedback_text,
                event.timestamp,
                event.timestamp,
                record.version,
            ),
        )

    @on(Learner.Erased)
    def erased(self, _: Learner.Erased, record: Record) -> Iterable[Statement]:
        yield Statement(
            "UPDATE feedback SET feedback_text = %s"
            " WHERE learner_id = %s AND feedback_text IS NOT NULL",
            (ERASED, record.stream_id),
        )

    @on(ExpiredRecord.Expired)
    def expired(self, event: ExpiredRecord.Expired, _: Record) -> Iterable[Statement]:
        """It goes from the views; what was counted stays counted."""
        if event.kind is RecordKind.FEEDBACK:
            yield Statement("DELETE FROM feedback WHERE id = %s", (event.record_id,))
