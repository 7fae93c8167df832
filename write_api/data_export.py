"""What the read API tells when it gives somebody a copy of all that is kept about a person."""

from uuid import UUID

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath

from commands.data_export import RecordDataExport
from write_api.sender import Answer, Sender


@post(
    "/users/{learner_id:uuid}/exports",
    operation_id="RecordDataExport",
    status_code=200,
    tags=["Personal data"],
)
async def record_data_export(learner_id: FromPath[UUID], sender: NamedDependency[Sender]) -> Answer:
    """Record that one is given a copy of all that is kept about a person.

    `GET /users/{user_id}/export` does this by itself, before it answers.
    """
    return await sender.change(RecordDataExport(learner_id=learner_id))
