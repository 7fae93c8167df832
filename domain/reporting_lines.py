"""An index stream: every change of somebody's manager, one after the other."""

from datetime import datetime
from uuid import UUID

from domain.aggregate import Aggregate, event
from domain.identity import reporting_lines_id


class ReportingLines(Aggregate):
    """A fence. Whether a new manager makes a circle depends on the managers of many people, so two
    such changes that look at each other's people must not be decided at the same time: each is
    saved with this stream, and the second one is decided again.
    """

    STREAM_TYPE = "reporting_lines"
    SNAPSHOT_EVERY = 100

    changes: int

    class Opened(Aggregate.Created):
        TOPIC = "reporting_lines.opened"

    class Changed(Aggregate.Event):
        TOPIC = "reporting_lines.changed"
        learner_id: UUID
        manager_id: UUID

    def __init__(self) -> None:
        self.changes = 0

    @classmethod
    def open(cls, *, at: datetime) -> "ReportingLines":
        return cls._create(cls.Opened, id=reporting_lines_id(), timestamp=at)

    def change(self, *, learner_id: UUID, manager_id: UUID, at: datetime) -> None:
        self.trigger_event(self.Changed, timestamp=at, learner_id=learner_id, manager_id=manager_id)

    @event(Changed)
    def _changed(self) -> None:
        self.changes += 1
