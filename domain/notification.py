"""Something a learner is told inside the program."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from domain import text
from domain.aggregate import Aggregate, event
from domain.errors import Invalid

MAX_PARAMS = 20


class Notification(Aggregate):
    """`text_key` names the message, `params` fills it in; the reader's language is applied when it
    is shown. `params` hold titles and numbers, never data about a person: they aren't sealed."""

    STREAM_TYPE = "notification"

    learner_id: UUID
    was_read: bool

    class Created(Aggregate.Created):
        """`subject_id` is the stream it is about: an enrolment, a certificate, a survey."""

        TOPIC = "notification.created"
        learner_id: UUID
        kind: str
        subject_id: UUID
        text_key: str
        params: dict[str, str]

    class Read(Aggregate.Event):
        TOPIC = "notification.read"
        learner_id: UUID

    def __init__(self, learner_id: UUID) -> None:
        self.learner_id = learner_id
        self.was_read = False

    @classmethod
    def create(
        cls,
        *,
        id: UUID,
        learner_id: UUID,
        kind: str,
        subject_id: UUID,
        text_key: str,
        params: Mapping[str, str],
        at: datetime,
    ) -> "Notification":
        if len(params) > MAX_PARAMS:
            raise Invalid(f"A message has at most {MAX_PARAMS} params.", field="params")
        return cls._create(
            cls.Created,
            id=id,
            timestamp=at,
            learner_id=learner_id,
            kind=text.required(kind, "kind", 100),
            subject_id=subject_id,
            text_key=text.required(text_key, "text_key", 100),
            params={
                text.required(name, "params", 100): text.optional(value, f"params.{name}", 1_000)
                or ""
                for name, value in params.items()
            },
        )

    def read(self, *, at: datetime) -> None:
        """Marks it as read; doing so again changes nothing."""
        if not self.was_read:
            self.trigger_event(self.Read, timestamp=at, learner_id=self.learner_id)

    @event(Read)
    def _read(self) -> None:
        self.was_read = True
