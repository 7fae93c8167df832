"""What only people who are, or were, in a course may do."""

from uuid import UUID

from commands.errors import NotEnrolled
from commands.work import Work
from domain.enrollment import Enrollment
from domain.identity import enrollment_id


def enrollment_of(learner_id: UUID, course_id: UUID, work: Work) -> Enrollment:
    """The learner's enrolment in the course, whatever its status. Raises `NotEnrolled`."""
    enrollment = work.find_latest(Enrollment, enrollment_id(learner_id, course_id))
    if enrollment is None:
        raise NotEnrolled
    return enrollment
