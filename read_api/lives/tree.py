"""Finds what led to an event: a tree of events, each with those that it rests on.

From an event one gets to the event that a policy reacted to, to what came before in the same
stream, and to the streams that its data names, as far as each had come by then. All of it is read
by position and by stream. An event stands in the tree once, as near to its root as it can.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from event_store.event_type import EventTypes
from event_store.record import Record
from read_api.database import Database
from read_api.history import SELECT
from read_api.lives.links import belonging_to, fields_of, links_of, version_in
from read_api.lives.table import is_key

DEEPEST: Final = 12
MOST_OF_A_STREAM: Final = 50
"""Events of one stream that are told: the last ones."""

OF_STREAMS: Final = (
    "SELECT e.position, e.stream_id, e.stream_type, e.version, e.type,"
    " convert_to(e.data::text, 'UTF8') AS data, convert_to(e.metadata::text, 'UTF8') AS metadata,"
    " e.recorded_at FROM unnest(%s::uuid[], %s::bigint[]) AS wanted (stream_id, below)"
    " CROSS JOIN LATERAL (SELECT * FROM event_store.events"
    " WHERE stream_id = wanted.stream_id AND position < wanted.below AND type = ANY(%s)"
    f" ORDER BY version DESC LIMIT {MOST_OF_A_STREAM + 1}) AS e"
)
"""SQL: the last events of some streams, each below a position, that are of some types."""


class Why(StrEnum):
    """How an event comes to stand where it does in a trace."""

    ASKED = "asked"
    """It is the one that is asked about."""
    REACTION = "reaction"
    """A policy did what stands above because of it."""
    EARLIER = "earlier"
    """It came before in the same life."""
    MENTIONED = "mentioned"
    """What stands above names its stream, and it was how far that had come."""
    CONSEQUENCE = "consequence"
    """A policy did it because of what stands above."""


class Branch:
    """An event in a tree. `cut` says that it rests on more than is told.

    `explained` is the position of what it is told for: what belongs to it is told up to there.
    """

    def __init__(self, record: Record, why: Why, explained: int | None = None) -> None:
        self.record = record
        self.why = why
        self.explained = explained or record.position
        self.branches: list[Branch] = []
        self.cut = False

    def all(self) -> Iterable["Branch"]:
        """It and all below it."""
        yield self
        for branch in self.branches:
            yield from branch.all()


class Grower:
    """Grows one tree, level by level: three queries for each."""

    def __init__(self, database: Database, types: EventTypes, most: int) -> None:
        self._database = database
        self._key_types = [
            name
            for event_type in types
            if is_key(event_type.name)
            for name in types.names_of(event_type.event_class)
        ]
        self._room = most
        self._known: set[int] = set()
        self._entered: set[UUID] = set()

    async def grow(self, roots: Sequence[Branch]) -> None:
        """Puts below each root what it rests on."""
        level = list(roots)
        self._known.update(root.record.position for root in roots)
        self._entered.update(root.record.stream_id for root in roots)
        for root in {root.record.stream_id: root for root in reversed(roots)}.values():
            rows = await self._of_streams({root.record.stream_id: root.record.position})
            level += self._below(root, rows, Why.EARLIER)
        for _ in range(DEEPEST):
            level = await self._next(level)
            if not level:
                return
        for branch in level:
            branch.cut = True

    async def _next(self, level: Sequence[Branch]) -> list[Branch]:
        reactions = await self._reactions(level)
        mentioned = await self._mentioned(level)
        return [*reactions, *mentioned]

    async def _reactions(self, level: Sequence[Branch]) -> list[Branch]:
        causes = {
            cause: branch
            for branch in reversed(level)
            if (cause := branch.record.read_metadata().causation) and cause not in self._known
        }
        records = await self._database.all(
            Record, f"{SELECT} WHERE position = ANY(%s) ORDER BY position", (list(causes),)
        )
        grown = []
        for record in records:
            added = self._add(causes[record.position], record, Why.REACTION)
            if added is None:
                continue
            grown.append(added)
            if record.stream_id not in self._entered:
                self._entered.add(record.stream_id)
                rows = await self._of_streams({record.stream_id: record.position})
                grown += self._below(added, rows, Why.EARLIER)
        return grown

    async def _mentioned(self, level: Sequence[Branch]) -> list[Branch]:
        wanted: dict[UUID, tuple[Branch, int]] = {}
        for branch in level:
            for id in links_of(branch.record):
                wanted.setdefault(id, (branch, branch.record.position))
            for id in belonging_to(branch.record):
                wanted.setdefault(id, (branch, branch.explained))
        below = {id: upto for id, (_, upto) in wanted.items() if id not in self._entered}
        rows = await self._of_streams(below)
        grown = []
        for id in below:
            branch, _ = wanted[id]
            found = [row for row in rows if row.stream_id == id]
            entry = _entry(found, fields_of(branch.record))
            if entry is None:
                continue
            self._entered.add(id)
            if (added := self._add(branch, entry, Why.MENTIONED)) is not None:
                before = [row for row in found if row.version < entry.version]
                grown += [added, *self._below(added, before, Why.EARLIER)]
        return grown

    async def _of_streams(self, below: dict[UUID, int]) -> list[Record]:
        """The events that count of some streams, below a position for each, the last first."""
        if not below:
            return []
        params = (list(below), list(below.values()), self._key_types)
        return await self._database.all(Record, OF_STREAMS, params)

    def _below(self, branch: Branch, rows: Sequence[Record], why: Why) -> list[Branch]:
        branch.cut = branch.cut or len(rows) > MOST_OF_A_STREAM
        added = [self._add(branch, row, why) for row in reversed(rows[:MOST_OF_A_STREAM])]
        return [each for each in added if each is not None]

    def _add(self, branch: Branch, record: Record, why: Why) -> Branch | None:
        if record.position in self._known:
            return None
        if self._room <= 0:
            branch.cut = True
            return None
        self._room -= 1
        self._known.add(record.position)
        added = Branch(record, why, branch.record.position if why is Why.EARLIER else None)
        branch.branches.append(added)
        return added


def _entry(found: Sequence[Record], fields: Mapping[str, Any]) -> Record | None:
    """Where a stream is entered: at the version of its contents that is spoken of, or else at the
    last event that counts."""
    if not found:
        return None
    spoken_of = version_in(fields, found[0].stream_type)
    for record in found:
        if spoken_of is not None and version_in(fields_of(record), record.stream_type) == spoken_of:
            return record
    return found[0]
