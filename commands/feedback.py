"""What learners say about their courses."""

from uuid import UUID

from commands.enrolled import enrollment_of
from commands.message import Command, handles
from commands.work import Work
from domain.course import Course
from domain.feedback import Feedback
from domain.identity import feedback_id


class SubmitFeedback(Command, frozen=True):
    """Submitting again revises what was said before."""

    course_id: UUID
    rating: int
    feedback_text: str | None = None


@handles(SubmitFeedback)
def submit_feedback(command: SubmitFeedback, work: Work) -> Feedback:
    work.permit(learner=work.me)
    course = work.existing(Course, command.course_id, field="course_id")
    enrollment_of(work.me, course.id, work)
    feedback = work.find(Feedback, feedback_id(work.me, course.id))
    if feedback is None:
        return Feedback.submit(
            learner_id=work.me,
            course_id=course.id,
            rating=command.rating,
            feedback_text=command.feedback_text,
            at=work.now,
        )
    feedback.revise(rating=command.rating, feedback_text=command.feedback_text, at=work.now)
    return feedback
