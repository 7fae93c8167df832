"""That somebody read the audit trail: what they asked for, and what they were given."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from domain.aggregate import Aggregate


class AuditRead(Aggregate):
    """One answer to one question. A stream of its own, so that readers never meet."""

    STREAM_TYPE = "audit_read"

    class Recorded(Aggregate.Created):
        """`query` is the name of the query, `filters` what it was limited to, each as it was
        written. `about` are the ids named in it. `count` events were given, from `first` to `last`
        in the order of the log; all three are null where what was given isn't a list of events.

        The log never changes, so the question and these bounds say exactly which events it were.
        Who read by the command line has no account here: `operator` says who they are to the
        operating system, and `reader_id` is null.
        """

        TOPIC = "audit_read.recorded"
        reader_id: UUID | None
        query: str
        filters: dict[str, list[str]]
        about: list[UUID]
        count: int | None
        first: int | None
        last: int | None
        operator: str | None = None

    reader_id: UUID | None

    def __init__(
        self,
        reader_id: UUID | None,
        query: str,
        filters: dict[str, list[str]],
        about: list[UUID],
        count: int | None,
        first: int | None,
        last: int | None,
        operator: str | None = None,
    ) -> None:
        self.reader_id = reader_id

    @classmethod
    def record(
        cls,
        *,
        id: UUID,
        reader_id: UUID | None,
        query: str,
        filters: dict[str, list[str]],
        about: Sequence[UUID],
        count: int | None,
        first: int | None,
        last: int | None,
        operator: str | None = None,
        at: datetime,
    ) -> "AuditRead":
        return cls._create(
            cls.Recorded,
            id=id,
            timestamp=at,
            reader_id=reader_id,
            query=query,
            filters=filters,
            about=[*about],
            count=count,
            first=first,
            last=last,
            operator=operator,
        )
