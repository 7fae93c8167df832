"""Writes a history to the log as imported: piece by piece, each at most once.

Nobody's decisions are asked for again: policies pass over it. That it happened in the past is told
by the events' timestamps; when it was recorded stands beside them, as for any event.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from hashlib import blake2b
from typing import Final
from uuid import NAMESPACE_OID, uuid5

import msgspec

from domain.identity import organization_id
from domain.organization import Organization
from event_store import bulk
from event_store.errors import RequestRepeated
from event_store.record import Metadata
from event_store.record_keys import kept_statement
from event_store.recorder import Request, Statement
from lms.composition import CommandSide
from lms.seeds.history import beside
from lms.seeds.history.departments import settled
from lms.seeds.history.pieces import Piece, pieces
from lms.seeds.history.plan import Plan, Size
from lms.seeds.history.story import Act

BEGUN: Final = "begun"
IN_FLIGHT: Final = 2
"""Pieces told ahead of the one that is being written."""

_ENCODER: Final = msgspec.json.Encoder()
Progress = Callable[[int, int, int], None]
"""Is told pieces done, pieces in all, and events written now."""


def write_history(side: CommandSide, size: Size, progress: Progress) -> int:
    """Appends whatever of the history isn't there yet; returns how many events that were.

    Raises `VersionConflict` when another history, or somebody, uses its names.
    """
    return _Import(side, size).run(progress)


class _Import:
    def __init__(self, side: CommandSide, size: Size) -> None:
        self._side = side
        self._scope = f"import/{size.name}"
        self._plan, self._departments = self._planned(Plan(size, self._begin(), {}))

    def run(self, progress: Progress) -> int:
        every, done = pieces(self._plan), self._done()
        missing = [piece for piece in every if piece.name not in done]
        finished, written = len(every) - len(missing), 0
        if missing and self._departments.tell():
            written = self._append(self._departments.name, *self._rows(self._departments))
        progress(finished, len(every), written)
        waiting: list[Future[int]] = []
        # One thread tells what the next one writes; as one thread it writes in order.
        with ThreadPoolExecutor(1, thread_name_prefix="append") as writer:
            try:
                for piece in [*missing, *[None] * IN_FLIGHT]:
                    if piece is not None:
                        waiting.append(writer.submit(self._append, piece.name, *self._rows(piece)))
                    if waiting and (piece is None or len(waiting) > IN_FLIGHT):
                        written += waiting.pop(0).result()
                        finished += 1
                        progress(finished, len(every), written)
            except BaseException:
                writer.shutdown(cancel_futures=True)
                raise
        return written

    def _planned(self, plan: Plan) -> tuple[Plan, Piece]:
        """The plan with its departments, and those of them that have to be added first."""
        tree = self._side.log.find_latest(Organization, organization_id())
        organization = tree or Organization.found(at=plan.begin)
        name = f"departments/{organization.version}"
        plan, acts = settled(plan, organization)
        return plan, Piece(name, [], lambda: acts)

    def _rows(self, piece: Piece) -> tuple[list[bulk.Row], list[Statement]]:
        """The events of a piece, and what is to be written beside them."""
        if piece.people:
            self._side.log.keys.ensure(piece.people)
        to_stored = self._side.log.mapper.to_stored_event
        acts, rows = piece.tell(), []
        with self._side.log.keys.records.collected() as keys:
            for act in acts:
                metadata = _metadata(act)
                rows += [bulk.Row(to_stored(event), metadata) for event in act.events]
        also = beside.statements(event for act in acts for event in act.events)
        return rows, [*also, kept_statement(keys)] if keys else also

    def _append(self, name: str, rows: list[bulk.Row], also: list[Statement]) -> int:
        try:
            with self._side.pool.connection() as connection:
                bulk.append(connection, rows, self._request(name, len(rows)), also)
        except RequestRepeated:
            return 0  # another process was faster
        return len(rows)

    def _begin(self) -> datetime:
        """When this history was first begun: its present, also when it is gone on with later."""
        with self._side.pool.connection() as connection:
            connection.execute(
                "INSERT INTO event_store.idempotency"
                " (scope, key, fingerprint, id, version, position)"
                " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                msgspec.structs.astuple(self._request(BEGUN, 0)),
            )
            row = connection.execute(
                "SELECT date_trunc('hour', recorded_at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'"
                " FROM event_store.idempotency WHERE scope = %s AND key = %s",
                (self._scope, BEGUN),
            ).fetchone()
        assert row is not None
        begun: datetime = row[0]
        return begun

    def _done(self) -> set[str]:
        with self._side.pool.connection() as connection:
            rows = connection.execute(
                "SELECT key FROM event_store.idempotency WHERE scope = %s", (self._scope,)
            ).fetchall()
        return {key for (key,) in rows}

    def _request(self, key: str, events: int) -> Request:
        return Request(
            scope=self._scope,
            key=key,
            fingerprint=blake2b(key.encode(), digest_size=32).digest(),
            id=uuid5(NAMESPACE_OID, self._scope),
            version=events,
            position=0,
        )


def _metadata(act: Act) -> str:
    return _ENCODER.encode(
        Metadata(
            actor=act.actor,
            correlation_id=act.correlation_id,
            command_id=act.command_id,
            command=act.command,
            reason=act.reason,
            imported=True,
        )
    ).decode()
