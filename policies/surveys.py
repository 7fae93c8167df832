"""Whoever completes a course is asked about it."""

from collections.abc import Iterable

from commands.message import Command
from commands.survey_invitation import InviteToCourseSurveys
from domain.enrollment import Enrollment
from event_store.record import Record
from policies.policy import Policy, on


class Surveys(Policy):
    """Which surveys are open is looked up by the command, in the course's index of them."""

    name = "surveys"

    @on(Enrollment.Completed)
    def completed(self, _: Enrollment.Completed, record: Record) -> Iterable[Command]:
        yield InviteToCourseSurveys(enrollment_id=record.stream_id)
