"""Whoever passes an assessment has it counted in their enrolment, which may complete by it."""

from collections.abc import Iterable

from commands.enrollment import RecordAssessmentPassed
from commands.message import Command
from domain.attempt import Attempt
from event_store.record import Record
from policies.policy import Policy, on


class Completion(Policy):
    name = "completion"

    @on(Attempt.Graded)
    def graded(self, event: Attempt.Graded, record: Record) -> Iterable[Command]:
        if event.passed:
            yield RecordAssessmentPassed(
                enrollment_id=event.enrollment_id,
                assessment_id=event.assessment_id,
                attempt_id=record.stream_id,
                score=event.score,
            )
