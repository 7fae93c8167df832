"""Read model: how long what is kept, what must be kept, and what has expired."""

from collections.abc import Iterable

from domain.legal_holds import LegalHolds
from domain.retention import ExpiredRecord, RetentionPolicies
from event_store.record import Record
from projections.projection import Projection, Statement, on


class RetentionProjection(Projection):
    """Tables `retention_policy`, `legal_hold` and `expired_record`."""

    name = "retention"
    version = 2

    @on(RetentionPolicies.PolicySet)
    def policy_set(self, event: RetentionPolicies.PolicySet, _: Record) -> Iterable[Statement]:
        yield Statement(
            "INSERT INTO retention_policy (kind, course_id, days, basis, set_at)"
            " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (kind, course_id) DO UPDATE"
            " SET days = excluded.days, basis = excluded.basis, set_at = excluded.set_at",
            (event.kind, event.course_id, event.days, event.basis, event.timestamp),
        )

    @on(RetentionPolicies.PolicyRemoved)
    def policy_removed(
        self, event: RetentionPolicies.PolicyRemoved, _: Record
    ) -> Iterable[Statement]:
        yield Statement(
            "DELETE FROM retention_policy WHERE kind = %s AND course_id IS NOT DISTINCT FROM %s",
            (event.kind, event.course_id),
        )

    @on(LegalHolds.Placed)
    def placed(self, event: LegalHolds.Placed, _: Record) -> Iterable[Statement]:
        yield Statement(
            "INSERT INTO legal_hold (id, kind, subject_id, reason, placed_at)"
            " VALUES (%s, %s, %s, %s, %s)",
            (event.hold_id, event.kind, event.subject_id, event.reason, event.timestamp),
        )

    @on(LegalHolds.Released)
    def released(self, event: LegalHolds.Released, _: Record) -> Iterable[Statement]:
        yield Statement(
            "UPDATE legal_hold SET released_at = %s, release_reason = %s WHERE id = %s",
            (event.timestamp, event.reason, event.hold_id),
        )

    @on(ExpiredRecord.Expired)
    def expired(self, event: ExpiredRecord.Expired, _: Record) -> Iterable[Statement]:
        yield Statement(
            "INSERT INTO expired_record"
            " (kind, record_id, learner_id, course_id, ended_at, expired_at)"
            " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (kind, record_id) DO UPDATE"
            " SET ended_at = excluded.ended_at, expired_at = excluded.expired_at",
            (
                event.kind,
                event.record_id,
                event.learner_id,
                event.course_id,
                event.ended_at,
                event.timestamp,
            ),
        )
