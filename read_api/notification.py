"""Queries on notifications."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from edge.cursor import DEFAULT_LIMIT, CursorParameter, Limit, Page
from read_api.asking import READS, Asking
from read_api.condition import Condition
from read_api.listing import Listing
from read_api.messages import render

SELECT = (
    "SELECT notification.id, learner_id, kind, subject_id, text_key, params, created_at, read_at,"
    " notification.version, language FROM read_models.notification"
    " LEFT JOIN read_models.learner ON learner.id = notification.learner_id"
)
LearnerFilter = Annotated[
    UUID | None,
    QueryParameter(name="learner_id", description="Whose; one's own without it."),
]
UnreadFilter = Annotated[
    bool | None,
    QueryParameter(name="unread", description="Only those unread (true), only those read (false)."),
]


class Notification(msgspec.Struct, frozen=True, kw_only=True):
    """`text` is in the learner's language; `subject_id` is what it is about, by its `kind`."""

    id: UUID
    learner_id: UUID
    kind: str
    subject_id: UUID
    text: str
    text_key: str
    params: dict[str, str]
    created_at: datetime
    read_at: datetime | None
    version: int


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    learner_id: UUID
    kind: str
    subject_id: UUID
    text_key: str
    params: dict[str, str]
    created_at: datetime
    read_at: datetime | None
    version: int
    language: str | None


NOTIFICATIONS = Listing(
    "notifications",
    _Row,
    SELECT,
    order=("created_at", "notification.id"),
    key=lambda row: (row.created_at, row.id),
)


@get(
    "/notifications",
    operation_id="ListNotifications",
    tags=["Notifications"],
    opt={READS: ("notification", "learner")},
)
async def list_notifications(
    asking: NamedDependency[Asking],
    learner_id: LearnerFilter = None,
    unread: UnreadFilter = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: CursorParameter = None,
) -> Page[Notification]:
    """List what one has been told, the newest first."""
    where = asking.where(learner="learner_id").given("learner_id = %s", learner_id or asking.me)
    if unread is not None:
        where.also(Condition("read_at IS NULL" if unread else "read_at IS NOT NULL"))
    page = await NOTIFICATIONS.page(asking.database, where, limit, cursor)
    return Page(items=[_told(row) for row in page.items], next_cursor=page.next_cursor)


def _told(row: _Row) -> Notification:
    fields = msgspec.structs.asdict(row)
    return Notification(text=render(row.text_key, row.params, fields.pop("language")), **fields)
