"""Whether a record is no longer kept. One that is begun anew lives again, and may expire again."""

from datetime import datetime
from typing import Any
from uuid import UUID

from commands.work import Work
from domain.enrollment import Enrollment
from domain.identity import expired_record_id
from domain.retention import ExpiredRecord, RecordKind


def last_expiry(kind: RecordKind, record_id: UUID, work: Work) -> tuple[ExpiredRecord | None, int]:
    """The last time that it expired, and how many times that was."""
    last, number = None, 0
    while (
        found := work.find(ExpiredRecord, expired_record_id(kind, record_id, number + 1))
    ) is not None:
        last, number = found, number + 1
    return last, number


def is_expired(kind: RecordKind, record: Any, work: Work) -> bool:
    """Whether nothing of a record is kept but its events."""
    last, _ = last_expiry(kind, record.id, work)
    return last is not None and last.created_on >= _ended(record)


def _ended(record: Any) -> datetime:
    """A completed enrolment may be looked into again: that doesn't make it live again."""
    completed = record.completed_at if isinstance(record, Enrollment) else None
    ended: datetime = completed or record.modified_on
    return ended
