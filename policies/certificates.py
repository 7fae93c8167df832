"""Whoever completes a course gets a certificate."""

from collections.abc import Iterable

from commands.certificate import IssueCertificate
from commands.message import Command
from domain.enrollment import Enrollment
from event_store.record import Record
from policies.policy import Policy, on


class Certificates(Policy):
    name = "certificates"

    @on(Enrollment.Completed)
    def completed(self, _: Enrollment.Completed, record: Record) -> Iterable[Command]:
        yield IssueCertificate(enrollment_id=record.stream_id)
