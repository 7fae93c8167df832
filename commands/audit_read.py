"""Recording who looked at the audit trail."""

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from commands.message import Command, handles
from commands.work import Work
from domain.audit_read import AuditRead

Name = Annotated[str, Meta(max_length=200)]
Value = Annotated[str, Meta(max_length=200)]
Values = Annotated[list[Value], Meta(max_length=100)]
Filters = Annotated[dict[Name, Values], Meta(max_length=50)]
Ids = Annotated[list[UUID], Meta(max_length=200)]
Count = Annotated[int, Meta(ge=0)]


class RecordAuditRead(Command, frozen=True):
    """That the one who sends it has read the audit trail: which `query`, limited by which
    `filters`, `about` which ids; how many events they got, and the positions of the oldest and the
    newest of them."""

    query: Name
    filters: Filters = msgspec.field(default_factory=dict)
    about: Ids = msgspec.field(default_factory=list)
    count: Count | None = None
    first: Count | None = None
    last: Count | None = None


class RecordOperatorRead(RecordAuditRead, frozen=True, kw_only=True):
    """The same of somebody at the command line, who has no account here: `operator` is who they are
    to the operating system, and where."""

    operator: Name


@handles(RecordAuditRead)
def record_audit_read(command: RecordAuditRead, work: Work) -> AuditRead:
    return _read(command, work)


@handles(RecordOperatorRead)
def record_operator_read(command: RecordOperatorRead, work: Work) -> AuditRead:
    return _read(command, work, command.operator)


def _read(command: RecordAuditRead, work: Work, operator: str | None = None) -> AuditRead:
    return AuditRead.record(
        id=work.new_id(),
        reader_id=work.actor.id,
        query=command.query,
        filters=dict(command.filters),
        about=command.about,
        count=command.count,
        first=command.first,
        last=command.last,
        operator=operator,
        at=work.now,
    )
