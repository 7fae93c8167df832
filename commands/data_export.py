"""Recording that a copy of all that is kept about a person was given to somebody."""

from uuid import UUID

from commands.message import Command, handles
from commands.work import Work
from domain.learner import Learner


class RecordDataExport(Command, frozen=True):
    """It is recorded before the first byte leaves."""

    learner_id: UUID


@handles(RecordDataExport)
def record_data_export(command: RecordDataExport, work: Work) -> Learner:
    learner = work.get(Learner, command.learner_id)
    work.permit(learner=learner.id)
    learner.export_data(exported_by=work.actor.id, at=work.now)
    return learner
