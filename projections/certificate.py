"""Read model: certificates, by id and by number."""

from collections.abc import Iterable

from domain.aggregate import ERASED
from domain.certificate import Certificate
from domain.learner import Learner
from domain.retention import ExpiredRecord, RecordKind
from event_store.record import Record
from projections.projection import Projection, Statement, on


class CertificateProjection(Projection):
    """Table `certificate`; `status` is valid or revoked (expiry follows from `expires_at`)."""

    name = "certificate"
    version = 3

    @on(Certificate.Issued)
    def issued(self, event: Certificate.Issued, record: Record) -> Iterable[Statement]:
        yield Statement(
            "INSERT INTO certificate (id, number, learner_id, course_id, course_title,"
            " course_version, enrollment_id, holder_name, completed_at, issued_at, expires_at,"
            " updated_at, version) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                record.stream_id,
                event.number,
                event.learner_id,
                event.course_id,
                event.course_title,
                event.course_version,
                event.enrollment_id,
                event.holder_name,
                event.completed_at,
                event.timestamp,
                event.expires_at,
                event.timestamp,
                record.version,
            ),
        )

    @on(Certificate.Revoked)
    def revoked(self, event: Certificate.Revoked, record: Record) -> Iterable[Statement]:
        yield Statement(
            "UPDATE certificate SET status = 'revoked', revoked_at = %s, revoked_by = %s,"
            " revocation_reason = %s, updated_at = %s, version = %s WHERE id = %s",
            (
                event.timestamp,
                event.by,
                event.reason,
                event.timestamp,
                record.version,
                record.stream_id,
            ),
        )

    @on(Learner.Erased)
    def erased(self, _: Learner.Erased, record: Record) -> Iterable[Statement]:
        yield Statement(
            "UPDATE certificate SET holder_name = %s WHERE learner_id = %s",
            (ERASED, record.stream_id),
        )

    @on(ExpiredRecord.Expired)
    def expired(self, event: ExpiredRecord.Expired, _: Record) -> Iterable[Statement]:
        """It goes from the views; what was counted stays counted."""
        if event.kind is RecordKind.CERTIFICATE:
            yield Statement("DELETE FROM certificate WHERE id = %s", (event.record_id,))
