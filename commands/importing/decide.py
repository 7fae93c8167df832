"""The decision about one person of a file: by the same handlers as for a command of its own."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid5

import msgspec

from access.actor import Actor
from access.passwords import Passwords
from commands.importing.people import ImportWork, Known
from commands.importing.rows import Row, entry_of
from commands.message import HANDLERS
from commands.provisioning import DirectoryCommand, ProvisionUser, ReplaceProvisionedUser
from commands.standing import note_standing
from domain.aggregate import Aggregate
from domain.errors import DomainError
from domain.learner import Learner
from event_store.recorder import Statement


class Outcome(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


class Decision(msgspec.Struct, frozen=True):
    """What became of a row: events to record, statements to run with them."""

    row: Row
    outcome: Outcome
    learner_id: UUID | None = None
    command_id: UUID | None = None
    events: Sequence[Any] = ()
    statements: Sequence[Statement] = ()
    streams: frozenset[UUID] = frozenset()


class Decider:
    """Decides for one import; `by` is who began it."""

    def __init__(
        self, known: Known, passwords: Passwords, by: Actor, import_id: UUID, now: datetime
    ) -> None:
        self._known = known
        self._passwords = passwords
        self._by = by
        self._import_id = import_id
        self._now = now

    def decide(self, row: Row) -> Decision:
        """What becomes of the row. A refusal leaves its faults in the row."""
        assert row.learner_id is not None
        work = ImportWork(self._known, self._passwords, self._by, self._now, row.learner_id)
        command = self._command(row)
        try:
            learner = HANDLERS[type(command)](command, work)
            if row.roles is not None:
                assert isinstance(learner, Learner)
                learner.follow_roles(roles=row.roles, reason="Import", at=self._now)
                note_standing(learner, work)
        except DomainError as error:
            row.refuse(_column(getattr(error, "field", None)), error.detail)
            return Decision(row, Outcome.REFUSED, streams=frozenset(work.loaded))
        return self._decided(row, learner, work)

    def _command(self, row: Row) -> DirectoryCommand:
        assert row.learner_id is not None
        learner = self._known.find(Learner, row.learner_id)
        before = learner.directory_entry if learner else None
        said = msgspec.structs.asdict(entry_of(row.line.cells, before))
        if row.manager_id is not None:
            said["manager_id"] = row.manager_id
        if learner is None or learner.deprovisioned:
            return ProvisionUser(**said, active=row.active is not False)
        active = learner.active if row.active is None else row.active
        return ReplaceProvisionedUser(learner_id=learner.id, **said, active=active)

    def _decided(self, row: Row, learner: Aggregate, work: ImportWork) -> Decision:
        saved = [learner, *work.also_saved]
        is_new = learner.version == len(learner.pending_events)
        events = [event for aggregate in saved for event in aggregate.collect_events()]
        self._known.keep(saved)
        outcome = Outcome.UNCHANGED
        if events:
            outcome = Outcome.CREATED if is_new else Outcome.UPDATED
        return Decision(
            row=row,
            outcome=outcome,
            learner_id=learner.id,
            command_id=uuid5(self._import_id, f"command {row.number}"),
            events=events,
            statements=work.also_executed if events else (),
            streams=frozenset(work.loaded | {each.id for each in saved}),
        )


def _column(field: str | None) -> str:
    return {None: "username", "manager_id": "manager"}.get(field, field or "")
