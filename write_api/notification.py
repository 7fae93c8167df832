"""Commands on notifications. They are created by policies."""

from uuid import UUID

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath

from commands.notification import ReadNotification
from write_api.sender import Answer, Sender


@post(
    "/notifications/{notification_id:uuid}/read",
    operation_id="ReadNotification",
    status_code=200,
    tags=["Notifications"],
)
async def read_notification(
    notification_id: FromPath[UUID], sender: NamedDependency[Sender]
) -> Answer:
    """Mark a notification as read."""
    return await sender.change(ReadNotification(notification_id=notification_id))
