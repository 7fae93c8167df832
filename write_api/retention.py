"""Commands on what is kept: policies, and legal holds."""

from uuid import UUID

from litestar import Controller, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from commands.retention import PlaceHold, ReleaseHold, RemoveRetention, SetRetention
from write_api.body import Body, command_of
from write_api.sender import Answer, Sender


class ReleaseReason(Body, frozen=True):
    reason: str


class RetentionController(Controller):
    path = "/"
    tags = ["Retention"]

    @put("/retention/policies", operation_id="SetRetention")
    async def set_policy(
        self, data: JSONBody[SetRetention], sender: NamedDependency[Sender]
    ) -> Answer:
        """Say how long a kind of record is kept, of one course or of all."""
        return await sender.change(data)

    @post("/retention/policies/remove", operation_id="RemoveRetention", status_code=200)
    async def remove_policy(
        self, data: JSONBody[RemoveRetention], sender: NamedDependency[Sender]
    ) -> Answer:
        """Take a policy back: what it was for is kept by the one for all courses, or for ever."""
        return await sender.change(data)

    @post("/holds", operation_id="PlaceHold")
    async def place(self, data: JSONBody[PlaceHold], sender: NamedDependency[Sender]) -> Answer:
        """Put a person or a course under a legal hold: nothing of them expires or is erased."""
        return await sender.create(data, "/holds")

    @post("/holds/{hold_id:uuid}/release", operation_id="ReleaseHold", status_code=200)
    async def release(
        self,
        hold_id: FromPath[UUID],
        data: JSONBody[ReleaseReason],
        sender: NamedDependency[Sender],
    ) -> Answer:
        """End a legal hold."""
        return await sender.change(command_of(ReleaseHold, data, hold_id=hold_id))
