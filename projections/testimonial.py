"""Read model: testimonials and their moderation."""

from collections.abc import Iterable

from domain.aggregate import ERASED
from domain.learner import Learner
from domain.retention import ExpiredRecord, RecordKind
from domain.testimonial import Testimonial
from event_store.record import Record
from projections.projection import Projection, Statement, on


class TestimonialProjection(Projection):
    """Table `testimonial`; `status` is submitted, approved, rejected or withdrawn."""

    name = "testimonial"
    version = 2

    @on(Testimonial.Submitted)
    def submitted(self, event: Testimonial.Submitted, record: Record) -> Iterable[Statement]:
        yield Statement(
            "INSERT INTO testimonial (id, course_id, learner_id, text, rating, anonymous,"
            " submitted_at, updated_at, version) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                record.stream_id,
                event.course_id,
                event.learner_id,
                event.text,
                event.rating,
                event.anonymous,
                event.timestamp,
                event.timestamp,
                record.version,
            ),
        )

    @on(Testimonial.Approved)
    def approved(self, event: Testimonial.Approved, record: Record) -> Iterable[Statement]:
        yield Statement(
            "UPDATE testimonial SET status = 'approved', moderated_by = %s, moderated_at = %s,"
            " updated_at = %s, version = %s WHERE id = %s",
            (event.by, event.timestamp, event.timestamp, record.version, record.stream_id),
        )

    @on(Testimonial.Rejected)
    def rejected(self, event: Testimonial.Rejected, record: Record) -> Iterable[Statement]:
        yield Statement(
            "UPDATE testimonial SET status = 'rejected', moderated_by = %s, moderated_at = %s,"
            " rejection_reason = %s, updated_at = %s, version = %s WHERE id = %s",
            (
                event.by,
                event.timestamp,
                event.reason,
                event.timestamp,
                record.version,
                record.stream_id,
            ),
        )

    @on(Testimonial.Withdrawn)
    def withdrawn(self, event: Testimonial.Withdrawn, record: Record) -> Iterable[Statement]:
        yield Statement(
            "UPDATE testimonial SET status = 'withdrawn', updated_at = %s, version = %s"
            " WHERE id = %s",
            (event.timestamp, record.version, record.stream_id),
        )

    @on(Learner.Erased)
    def erased(self, _: Learner.Erased, record: Record) -> Iterable[Statement]:
        yield Statement(
            "UPDATE testimonial SET text = %s WHERE learner_id = %s", (ERASED, record.stream_id)
        )

    @on(ExpiredRecord.Expired)
    def expired(self, event: ExpiredRecord.Expired, _: Record) -> Iterable[Statement]:
        """It goes from the views; what was counted stays counted."""
        if event.kind is RecordKind.TESTIMONIAL:
            yield Statement("DELETE FROM testimonial WHERE id = %s", (event.record_id,))
