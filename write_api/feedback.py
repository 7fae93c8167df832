"""Commands on feedback."""

from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from commands.feedback import SubmitFeedback
from write_api.sender import Answer, Sender


@post("/feedback", operation_id="SubmitFeedback", tags=["Feedback"])
async def submit_feedback(
    data: JSONBody[SubmitFeedback], sender: NamedDependency[Sender]
) -> Answer:
    """Rate a course and say why; doing so again revises it."""
    return await sender.create(data, "/feedback")
