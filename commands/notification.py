"""What learners are told inside the program."""

from uuid import UUID

from commands.message import Command, handles
from commands.work import Work
from domain.assessment import Assessment
from domain.course import Course
from domain.errors import Conflict
from domain.identity import notification_id
from domain.notification import Notification
from domain.survey import Survey


class AlreadyNotified(Conflict):
    code = "already-notified"


class CreateNotification(Command, frozen=True):
    """`cause` is what happened, such as an event's `stream/version`: nobody is told twice of it.

    The titles of the course, assessment and survey named are put into the message's params as
    `course_title`, `assessment_title` and `survey_title`; a survey brings its course's along.
    """

    learner_id: UUID
    cause: str
    kind: str
    subject_id: UUID
    text_key: str
    params: dict[str, str] = {}
    course_id: UUID | None = None
    assessment_id: UUID | None = None
    survey_id: UUID | None = None


class ReadNotification(Command, frozen=True):
    notification_id: UUID


@handles(CreateNotification)
def create_notification(command: CreateNotification, work: Work) -> Notification:
    id = notification_id(command.learner_id, command.text_key, command.cause)
    if work.find(Notification, id):
        raise AlreadyNotified("This has been told already.")
    return Notification.create(
        id=id,
        learner_id=command.learner_id,
        kind=command.kind,
        subject_id=command.subject_id,
        text_key=command.text_key,
        params=command.params | _titles(command, work),
        at=work.now,
    )


@handles(ReadNotification)
def read_notification(command: ReadNotification, work: Work) -> Notification:
    notification = work.get(Notification, command.notification_id)
    work.permit(learner=notification.learner_id)
    notification.read(at=work.now)
    return notification


def _titles(command: CreateNotification, work: Work) -> dict[str, str]:
    titles = {}
    course_id = command.course_id
    if command.assessment_id is not None:
        assessment = work.existing(Assessment, command.assessment_id, field="assessment_id")
        titles["assessment_title"] = assessment.title
    if command.survey_id is not None:
        survey = work.existing(Survey, command.survey_id, field="survey_id")
        titles["survey_title"] = survey.title
        course_id = course_id or survey.course_id
    if course_id is not None:
        titles["course_title"] = work.existing(Course, course_id, field="course_id").title
    return titles
