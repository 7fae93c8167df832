"""Commands on enrolments and progress."""

from uuid import UUID

from litestar import Controller, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from commands.enrollment import EnrollLearner, UpdateProgress, WithdrawEnrollment
from write_api.body import Body, command_of
from write_api.sender import Answer, Sender


class Withdrawal(Body, frozen=True):
    reason: str | None = None


class EnrollmentController(Controller):
    path = "/enrollments"
    tags = ["Enrolments"]

    @post("/", operation_id="EnrollLearner")
    async def enroll(
        self, data: JSONBody[EnrollLearner], sender: NamedDependency[Sender]
    ) -> Answer:
        """Enrol a learner (by default oneself) in a published course."""
        return await sender.create(data, "/enrollments")

    @post("/{enrollment_id:uuid}/withdraw", operation_id="WithdrawEnrollment", status_code=200)
    async def withdraw(
        self,
        enrollment_id: FromPath[UUID],
        data: JSONBody[Withdrawal],
        sender: NamedDependency[Sender],
    ) -> Answer:
        """Give up a course that isn't completed."""
        command = command_of(WithdrawEnrollment, data, enrollment_id=enrollment_id)
        return await sender.change(command)


@patch("/progress", operation_id="UpdateProgress", tags=["Enrolments"])
async def update_progress(
    data: JSONBody[UpdateProgress], sender: NamedDependency[Sender]
) -> Answer:
    """Tell how far a learner has come in a lesson. Percent never falls; seconds add up."""
    return await sender.change(data)
