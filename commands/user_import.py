"""Files of people: begun by somebody, carried out by a process of its own."""

from uuid import UUID

from commands.importing.table import read_table
from commands.message import Command, handles
from commands.work import Work
from domain.user_import import UserImport


class ImportUsers(Command, frozen=True):
    """`content` is the text of a CSV file with a header."""

    content: str
    dry_run: bool = False

    def __repr__(self) -> str:
        return f"ImportUsers(dry_run={self.dry_run})"


class EndImport(Command, frozen=True):
    """How an import ended; `failure` says why it could not go on."""

    import_id: UUID
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    failure: str | None = None


@handles(ImportUsers)
def import_users(command: ImportUsers, work: Work) -> UserImport:
    work.permit_anyone()
    rows = len(read_table(command.content))
    started = UserImport.start(id=work.new_id(), rows=rows, dry_run=command.dry_run, at=work.now)
    work.execute_too(
        "INSERT INTO provisioning.imports (id, dry_run, content, rows, created_by, created_at)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        (started.id, command.dry_run, command.content, rows, work.actor.id, work.now),
    )
    return started


@handles(EndImport)
def end_import(command: EndImport, work: Work) -> UserImport:
    work.permit_anyone()
    ended = work.get(UserImport, command.import_id)
    if command.failure is not None:
        ended.fail(reason=command.failure, at=work.now)
    else:
        ended.finish(
            created=command.created,
            updated=command.updated,
            unchanged=command.unchanged,
            refused=command.refused,
            at=work.now,
        )
    work.execute_too(
        "UPDATE provisioning.imports SET state = %s, content = NULL, ended_at = %s WHERE id = %s",
        ("finished" if command.failure is None else "failed", work.now, ended.id),
    )
    return ended
