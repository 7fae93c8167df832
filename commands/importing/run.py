"""Carries out imports that somebody has begun: one at a time, in the order they came.

What is recorded and what the report says of it are one transaction, so an import that was cut off
is simply gone on with: rows that the report has are passed over.
"""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from threading import Event
from typing import Any, Final
from uuid import UUID, uuid4

import msgspec
import psycopg
from psycopg_pool import ConnectionPool

from access.actor import SYSTEM, Actor
from access.passwords import Passwords
from access.permissions import Scope, reach
from commands.context import Context
from commands.dispatcher import Dispatcher
from commands.importing.decide import Decider, Decision, Outcome
from commands.importing.people import Known
from commands.importing.plan import (
    fetch_managers,
    find_managers,
    identify,
    ordered,
    refresh_reporting_lines,
)
from commands.importing.rows import Row, read_rows
from commands.importing.table import read_table
from commands.user_import import EndImport, ImportUsers
from domain.learner import Learner
from domain.roles import Role
from domain.service_account import ServiceAccount
from event_store import bulk
from event_store.application import Log
from event_store.errors import LogUnavailable, VersionConflict
from event_store.record import Metadata
from event_store.recorder import Request, translated

logger = logging.getLogger(__name__)

Pool = ConnectionPool[psycopg.Connection[tuple[Any, ...]]]

ROWS_IN_A_PIECE: Final = 200
MOST_TRIES: Final = 5


class Stopped(Exception):
    """The process is to end; the import is gone on with later."""


class NotPermittedAnyMore(Exception):
    """Who began the import has lost the right to."""


class Job(msgspec.Struct, frozen=True):
    """An import to carry out."""

    id: UUID
    dry_run: bool
    content: str
    created_by: UUID | None

    def __repr__(self) -> str:
        return f"Job({self.id})"


class Importer:
    """Only one of these is at work at a time; its pool's connections are in autocommit mode."""

    def __init__(
        self,
        log: Log,
        passwords: Passwords,
        dispatcher: Dispatcher,
        pool: Pool,
        *,
        on_recorded: Callable[[int], None] = lambda _: None,
        stopping: Event | None = None,
    ) -> None:
        self._log = log
        self._passwords = passwords
        self._dispatcher = dispatcher
        self._pool = pool
        self._on_recorded = on_recorded
        self._stopping = stopping or Event()

    def carry_out_next(self) -> bool:
        """Carries out the oldest import that isn't over; whether there was one.

        Raises `Stopped`, `LogUnavailable`, `psycopg.OperationalError`: it is to be gone on with.
        """
        job = self._next()
        if job is None:
            return False
        try:
            counts = self._carry_out(job)
        except (Stopped, LogUnavailable, psycopg.OperationalError):
            raise
        except NotPermittedAnyMore:
            why = "Whoever began this may not bring in people any more; what was done stays."
            self._end(EndImport(import_id=job.id, failure=why))
        except Exception:
            logger.exception("Import %s failed", job.id)
            self._end(EndImport(import_id=job.id, failure="Something went wrong on our side."))
        else:
            ended = EndImport(
                import_id=job.id,
                created=counts[Outcome.CREATED],
                updated=counts[Outcome.UPDATED],
                unchanged=counts[Outcome.UNCHANGED],
                refused=counts[Outcome.REFUSED],
            )
            self._end(ended)
            logger.info("%s", ended)
        return True

    def _next(self) -> Job | None:
        with self._pool.connection() as connection:
            row = connection.execute(
                "UPDATE provisioning.imports SET state = 'running',"
                " started_at = coalesce(started_at, now()) WHERE id = ("
                " SELECT id FROM provisioning.imports WHERE state IN ('waiting', 'running')"
                " ORDER BY created_at LIMIT 1) RETURNING id, dry_run, content, created_by"
            ).fetchone()
        return Job(*row) if row else None

    def _carry_out(self, job: Job) -> Counter[Outcome]:
        rows, known = read_rows(read_table(job.content)), Known(self._log)
        done = self._done(job)
        identify(rows, known, job.id)
        find_managers(rows, known)
        fetch_managers(rows, known)
        good = [row for row in ordered(rows, known) if row.number not in done]
        bad = [row for row in rows if row.faults and row.number not in done]
        counts = Counter(done.values())
        counts += self._record(job, [Decision(row, Outcome.REFUSED) for row in bad])
        by = Actor(id=job.created_by, roles=frozenset({Role.ADMIN}))
        decider = Decider(known, self._passwords, by, job.id, datetime.now(UTC))
        for start in range(0, len(good), ROWS_IN_A_PIECE):
            if self._stopping.is_set():
                raise Stopped
            if not may_import(self._log, job.created_by):
                raise NotPermittedAnyMore
            counts += self._piece(job, good[start : start + ROWS_IN_A_PIECE], decider, known)
        return counts

    def _piece(
        self, job: Job, rows: Sequence[Row], decider: Decider, known: Known
    ) -> Counter[Outcome]:
        new = [row.learner_id for row in rows if row.is_new and row.learner_id]
        if not job.dry_run:
            self._log.keys.ensure(new)
        for _ in range(MOST_TRIES):
            if not job.dry_run:
                refresh_reporting_lines(rows, known)
            decisions = [decider.decide(row) for row in rows if not row.faults]
            refused = [Decision(row, Outcome.REFUSED) for row in rows if row.faults]
            decided = [each for each in decisions if not each.row.faults]
            try:
                return self._record(job, [*decided, *refused])
            except VersionConflict:
                # Somebody changed one of these people: decide again on what they are now.
                streams = {id for each in decisions for id in each.streams}
                known.forget(streams)
                known.fetch(streams)
        for row in rows:
            row.refuse("username", "Others keep changing this person; import the row again.")
        return self._record(job, [Decision(row, Outcome.REFUSED) for row in rows])

    def _record(self, job: Job, decisions: Sequence[Decision]) -> Counter[Outcome]:
        """Records the events of many decisions, and what the report says of them, at once."""
        appended = [] if job.dry_run else self._rows(job, decisions)
        position = None
        with self._pool.connection() as connection, connection.transaction():
            if not job.dry_run:
                _execute(connection, decisions)
            if appended:
                request = _request(job, decisions[0].row.number, len(appended))
                position = bulk.append(connection, appended, request)
            _report(connection, job, decisions)
        if position is not None:
            self._on_recorded(position)
        return Counter(decision.outcome for decision in decisions)

    def _rows(self, job: Job, decisions: Sequence[Decision]) -> list[bulk.Row]:
        to_stored = self._log.mapper.to_stored_event
        rows = []
        for decision in decisions:
            if decision.events:
                metadata = _metadata(job, decision)
                rows += [bulk.Row(to_stored(event), metadata) for event in decision.events]
        return rows

    def _done(self, job: Job) -> dict[int, Outcome]:
        with self._pool.connection() as connection:
            rows = connection.execute(
                "SELECT line, outcome FROM provisioning.import_rows WHERE import_id = %s",
                (job.id,),
            ).fetchall()
        return {line: Outcome(outcome) for line, outcome in rows}

    def _end(self, command: EndImport) -> None:
        context = Context(
            actor=SYSTEM,
            now=datetime.now(UTC),
            correlation_id=command.import_id,
            command_id=uuid4(),
        )
        self._dispatcher.dispatch(command, context)


def may_import(log: Log, starter: UUID | None) -> bool:
    """Whether somebody, a person or a service account, may bring in people now; the console may."""
    if starter is None:
        return True
    actor = Actor(id=starter, roles=frozenset())
    if (learner := log.find_latest(Learner, starter)) is not None:
        roles = learner.roles if learner.active else []
        actor = msgspec.structs.replace(actor, roles=frozenset(roles))
    elif (account := log.find_latest(ServiceAccount, starter)) is not None and account.enabled:
        actor = msgspec.structs.replace(
            actor,
            roles=frozenset(account.roles),
            operations=None if account.scopes is None else frozenset(account.scopes),
            is_service=True,
        )
    return Scope.ANY in reach(actor, ImportUsers.__name__)


def _execute(connection: psycopg.Connection[Any], decisions: Sequence[Decision]) -> None:
    """Raises `VersionConflict` for somebody's department that is gone in the meantime."""
    with translated():
        for decision in decisions:
            for sql, params in decision.statements:
                connection.execute(sql, params)


def _report(connection: psycopg.Connection[Any], job: Job, decisions: Sequence[Decision]) -> None:
    connection.execute(
        "INSERT INTO provisioning.import_rows (import_id, line, outcome, learner_id, faults)"
        " SELECT %s, * FROM unnest(%s::int[], %s::text[], %s::uuid[], %s::jsonb[])",
        (
            job.id,
            [decision.row.number for decision in decisions],
            [decision.outcome.value for decision in decisions],
            [None if job.dry_run else decision.learner_id for decision in decisions],
            [msgspec.json.encode(decision.row.faults).decode() for decision in decisions],
        ),
    )


def _request(job: Job, line: int, events: int) -> Request:
    key = f"from line {line}"
    return Request(
        scope=f"user_import/{job.id}",
        key=key,
        fingerprint=blake2b(key.encode(), digest_size=32).digest(),
        id=job.id,
        version=events,
        position=0,
    )


def _metadata(job: Job, decision: Decision) -> str:
    assert decision.command_id is not None
    return msgspec.json.encode(
        Metadata(
            actor=job.created_by,
            correlation_id=job.id,
            command_id=decision.command_id,
            command="ImportUsers",
        )
    ).decode()
