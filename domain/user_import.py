"""A file of people, brought in as a whole; who is in it stands in their own streams."""

from datetime import datetime
from uuid import UUID

from domain import text
from domain.aggregate import Aggregate, event
from domain.errors import Conflict, Invalid

MOST_ROWS = 10_000


class ImportOver(Conflict):
    code = "import-over"


class UserImport(Aggregate):
    STREAM_TYPE = "user_import"

    rows: int
    dry_run: bool
    over: bool

    class Started(Aggregate.Created):
        TOPIC = "user_import.started"
        rows: int
        dry_run: bool

    class Finished(Aggregate.Event):
        """How many people were registered, changed, the same already, and refused."""

        TOPIC = "user_import.finished"
        created: int
        updated: int
        unchanged: int
        refused: int

    class Failed(Aggregate.Event):
        TOPIC = "user_import.failed"
        reason: str

    def __init__(self, rows: int, dry_run: bool) -> None:
        self.rows = rows
        self.dry_run = dry_run
        self.over = False

    @classmethod
    def start(cls, *, id: UUID, rows: int, dry_run: bool, at: datetime) -> "UserImport":
        if not 0 < rows <= MOST_ROWS:
            raise Invalid(f"A file has from 1 to {MOST_ROWS} people, not {rows}.", field="file")
        return cls._create(cls.Started, id=id, timestamp=at, rows=rows, dry_run=dry_run)

    def finish(
        self, *, created: int, updated: int, unchanged: int, refused: int, at: datetime
    ) -> None:
        self._must_be_under_way()
        self.trigger_event(
            self.Finished,
            timestamp=at,
            created=created,
            updated=updated,
            unchanged=unchanged,
            refused=refused,
        )

    def fail(self, *, reason: str, at: datetime) -> None:
        self._must_be_under_way()
        self.trigger_event(self.Failed, timestamp=at, reason=text.required(reason, "reason", 1_000))

    def _must_be_under_way(self) -> None:
        if self.over:
            raise ImportOver("This import is over.")

    @event(Finished)
    def _finished(self) -> None:
        self.over = True

    @event(Failed)
    def _failed(self) -> None:
        self.over = True
