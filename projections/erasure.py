"""Read model: erasures, asked for and decided."""

from collections.abc import Iterable

from domain.erasure import Erasure, ErasureState
from event_store.record import Record
from projections.projection import Projection, Statement, on


class ErasureProjection(Projection):
    """Table `erasure`; `state` is one of `ErasureState`."""

    name = "erasure"
    version = 1

    @on(Erasure.Requested)
    def requested(self, event: Erasure.Requested, record: Record) -> Iterable[Statement]:
        yield Statement(
            "INSERT INTO erasure (id, learner_id, legal_basis, requested_by, requested_at, version)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            (
                record.stream_id,
                event.learner_id,
                event.legal_basis,
                event.requested_by,
                event.timestamp,
                record.version,
            ),
        )

    @on(Erasure.Approved)
    def approved(self, event: Erasure.Approved, record: Record) -> Iterable[Statement]:
        yield Statement(
            "UPDATE erasure SET decided_by = %s, version = %s WHERE id = %s",
            (event.approved_by, record.version, record.stream_id),
        )

    @on(Erasure.Refused)
    def refused(self, event: Erasure.Refused, record: Record) -> Iterable[Statement]:
        yield Statement(
            "UPDATE erasure SET state = %s, decided_by = %s, decided_at = %s, ground = %s,"
            " reason = %s, version = %s WHERE id = %s",
            (
                ErasureState.REFUSED,
                event.refused_by,
                event.timestamp,
                event.ground,
                event.reason,
                record.version,
                record.stream_id,
            ),
        )

    @on(Erasure.CarriedOut)
    def carried_out(self, event: Erasure.CarriedOut, record: Record) -> Iterable[Statement]:
        yield Statement(
            "UPDATE erasure SET state = %s, decided_at = %s, version = %s WHERE id = %s",
            (ErasureState.CARRIED_OUT, event.timestamp, record.version, record.stream_id),
        )

    @on(Erasure.Scrubbed)
    def scrubbed(self, event: Erasure.Scrubbed, record: Record) -> Iterable[Statement]:
        yield Statement(
            "UPDATE erasure SET state = %s, scrubbed_at = %s, places = %s, version = %s"
            " WHERE id = %s",
            (
                ErasureState.SCRUBBED,
                event.timestamp,
                event.places,
                record.version,
                record.stream_id,
            ),
        )
