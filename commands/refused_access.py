"""Telling the log what was refused at the door."""

from datetime import datetime
from uuid import UUID

from access.refusals import told_statement
from commands.message import Command, handles
from commands.work import Work
from domain.identity import refused_access_id
from domain.refused_access import RefusedAccess


class RecordRefusals(Command, frozen=True):
    """`number` refusals of one kind to one learner or network; `key` and `counted` are those of the
    row of `access/refusals.py` that they stand in."""

    key: bytes
    counted: int
    act: str
    why: str
    number: int
    first_at: datetime
    last_at: datetime
    learner_id: UUID | None = None
    name_hash: str | None = None
    network: str | None = None
    address: str | None = None

    def __repr__(self) -> str:
        return f"RecordRefusals({self.act!r}, {self.why!r}, {self.number!r})"


@handles(RecordRefusals)
def record_refusals(command: RecordRefusals, work: Work) -> RefusedAccess:
    learner_id, network = command.learner_id, command.network
    id = refused_access_id(learner_id, network, work.now)
    refused = work.find(RefusedAccess, id) or RefusedAccess.notice(
        learner_id=learner_id, network=network, at=work.now
    )
    refused.count(
        act=command.act,
        why=command.why,
        number=command.number,
        first_at=command.first_at,
        last_at=command.last_at,
        name_hash=command.name_hash,
        network=network,
        address=command.address,
        at=work.now,
    )
    work.execute_too(*told_statement(command.key, command.counted, command.last_at, work.now))
    return refused
