"""Commands on what is kept: policies, and legal holds."""

from uuid import UUID

from litestar import Controller, post, put

from commands.retention import PlaceHold, ReleaseHold, RemoveRetention, SetRetention
from write_api.body import Body, command_of
from write_api.sender import Answer, Sender


class ReleaseReason(Body, frozen=True):
    reason: str


class RetentionController(Controller):
    path = "/"
    tags = ["Retention"]

    @put("/retention/policies", operation_id="SetRetention")
    async def set_policy(self, data: SetRetention, sender: Sender) -> Answer:
        """Say how long a kind of record is kept, of one course or of all."""
        return await sender.change(data)

    @post("/retention/policies/remove", operation_id="RemoveRetention", status_code=200)
    async def remove_policy(self, data: RemoveRetention, sender: Sender) -> Answer:
        """Take a policy back: what it was for is kept by the one for all courses, or for ever."""
        return await sender.change(data)

    @post("/holds", operation_id="PlaceHold")
    async def place(self, data: PlaceHold, sender: Sender) -> Answer:
        """Put a person or a course under a legal hold: nothing of them expires or is erased."""
        return await sender.create(data, "/holds")

    @post("/holds/{hold_id:uuid}/release", operation_id="ReleaseHold", status_code=200)
    async def release(self, hold_id: UUID, data: ReleaseReason, sender: Sender) -> Answer:
        """End a legal hold."""
        return await sender.change(command_of(ReleaseHold, data, hold_id=hold_id))
