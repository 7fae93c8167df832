"""Read model: what each learner is told inside the program."""

from collections.abc import Iterable

from psycopg.types.json import Jsonb

from domain.notification import Notification
from event_store.record import Record
from projections.projection import Projection, Statement, on


class NotificationProjection(Projection):
    """Table `notification`; unread while `read_at` is NULL."""

    name = "notification"
    version = 1

    @on(Notification.Created)
    def created(self, event: Notification.Created, record: Record) -> Iterable[Statement]:
        yield Statement(
            "INSERT INTO notification (id, learner_id, kind, subject_id, text_key, params,"
            " created_at, updated_at, version) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                record.stream_id,
                event.learner_id,
                event.kind,
                event.subject_id,
                event.text_key,
                Jsonb(event.params),
                event.timestamp,
                event.timestamp,
                record.version,
            ),
        )

    @on(Notification.Read)
    def read(self, event: Notification.Read, record: Record) -> Iterable[Statement]:
        yield Statement(
            "UPDATE notification SET read_at = %s, updated_at = %s, version = %s WHERE id = %s",
            (event.timestamp, event.timestamp, record.version, record.stream_id),
        )
