"""What an inspector asks for, and why it may be refused."""

from datetime import MAXYEAR, MINYEAR, datetime
from typing import ClassVar
from uuid import UUID

import msgspec

_EDGES = (MINYEAR, MAXYEAR)
"""In UTC these years may lie outside of the calendar."""


class InspectionRefused(Exception):
    """The copies can't be made as asked for; `field` is at fault."""

    code: ClassVar[str] = "inspection-refused"

    def __init__(self, detail: str, field: str) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field


class InspectionTooLarge(InspectionRefused):
    """There are more events than may be copied in one answer."""

    code = "inspection-too-large"


class InspectionBusy(Exception):
    """Other copies are being made just now."""


class Inquiry(msgspec.Struct, frozen=True, kw_only=True):
    """The records of a person, of a course, of a person in a course, or all of a period.

    `since` (inclusive) and `until` (exclusive) are aware instants of recording. `asked_by` is the
    name of who asks, `reason` why, in their words.
    """

    subject: UUID | None = None
    course: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    asked_by: str
    asked_by_id: UUID | None = None
    reason: str | None = None

    def check(self) -> None:
        """Raises InspectionRefused when it asks for nothing in particular, or for no time."""
        if not (self.subject or self.course or self.since):
            raise InspectionRefused(
                "Say whose records are wanted (subject), of which course (course_id), or from when"
                " (from).",
                "subject",
            )
        for instant, field in ((self.since, "from"), (self.until, "to")):
            if instant and instant.tzinfo is None:
                raise InspectionRefused("An instant needs an offset, such as Z.", field)
            if instant and instant.year in _EDGES:
                raise InspectionRefused("That is no instant of this log.", field)
        if self.since and self.until and self.since >= self.until:
            raise InspectionRefused("The end isn't after the beginning.", "to")
