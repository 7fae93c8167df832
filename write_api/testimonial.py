"""Commands on testimonials."""

from uuid import UUID

from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from commands.testimonial import (
    ApproveTestimonial,
    RejectTestimonial,
    SubmitTestimonial,
    WithdrawTestimonial,
)
from write_api.body import Body, command_of
from write_api.sender import Answer, Sender


class Rejection(Body, frozen=True):
    reason: str


class TestimonialController(Controller):
    path = "/testimonials"
    tags = ["Testimonials"]

    @post("/", operation_id="SubmitTestimonial")
    async def submit(
        self, data: JSONBody[SubmitTestimonial], sender: NamedDependency[Sender]
    ) -> Answer:
        """Recommend a course, or don't; it is shown once it is approved."""
        return await sender.create(data, "/testimonials")

    @post("/{testimonial_id:uuid}/approve", operation_id="ApproveTestimonial", status_code=200)
    async def approve(
        self, testimonial_id: FromPath[UUID], sender: NamedDependency[Sender]
    ) -> Answer:
        """Show a testimonial with its course."""
        return await sender.change(ApproveTestimonial(testimonial_id=testimonial_id))

    @post("/{testimonial_id:uuid}/reject", operation_id="RejectTestimonial", status_code=200)
    async def reject(
        self,
        testimonial_id: FromPath[UUID],
        data: JSONBody[Rejection],
        sender: NamedDependency[Sender],
    ) -> Answer:
        """Don't show a testimonial; its author is told why."""
        command = command_of(RejectTestimonial, data, testimonial_id=testimonial_id)
        return await sender.change(command)

    @post("/{testimonial_id:uuid}/withdraw", operation_id="WithdrawTestimonial", status_code=200)
    async def withdraw(
        self, testimonial_id: FromPath[UUID], sender: NamedDependency[Sender]
    ) -> Answer:
        """Take one's own testimonial back."""
        return await sender.change(WithdrawTestimonial(testimonial_id=testimonial_id))
