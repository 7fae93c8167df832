"""What differs between two moments of a stream, and which events made it so."""

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

import msgspec

from domain.errors import NotFound
from edge.faults import invalid
from edge.problem import FieldError, ProblemError
from event_store.record import Record
from read_api.database import Database
from read_api.lives.archive import BATCH, Archive
from read_api.lives.changes import Change, changes_between, overlap
from read_api.lives.entries import FieldChange, LifeEvent, Teller, field_change
from read_api.lives.happenings import Happening, follow
from read_api.lives.life import Life
from read_api.lives.moments import Moment

MOST_BETWEEN: Final = 20_000
"""Events that are looked through for causes."""
MOST_TOLD: Final = 200
"""Events that are told as causes: the last ones."""


class Cause(msgspec.Struct, frozen=True):
    """An event that changed the value, or a part of it."""

    version: int
    position: int
    sentence: str


class Difference(FieldChange, frozen=True, kw_only=True):
    """One value that differs; `because` are the events that made it so, the last of many."""

    because: Sequence[Cause]


class Differences(msgspec.Struct, frozen=True, kw_only=True):
    """What differs between two moments; `before` is null when the stream did not exist then.

    `events` is how many events of the stream lie between.
    """

    stream_id: UUID
    stream_type: str
    before: Moment | None
    after: Moment
    events: int
    differences: Sequence[Difference]


async def differences(
    database: Database,
    archive: Archive,
    teller: Teller,
    stream_id: UUID,
    between: tuple[Moment | None, Moment],
) -> Differences:
    """Raises ProblemError (422) when there are too many events between the moments."""
    before, after = between
    start, end = before.version if before else 0, after.version
    if end - start > MOST_BETWEEN:
        detail = f"There are more than {MOST_BETWEEN} events between: ask for less."
        raise ProblemError(invalid(FieldError("from", detail)))
    old = await archive.life(database, stream_id, start)
    new = await archive.life(database, stream_id, end)
    net = changes_between(old.state, new.state)
    causes = _Causes(net)
    while old.version < end and net:
        records = await archive.records(database, old, min(BATCH, end - old.version))
        if not records:
            break
        await asyncio.to_thread(causes.look_through, old, records)
    told = await teller.tell(causes.happenings)
    names = await teller.name(net)
    return Differences(
        stream_id=stream_id,
        stream_type=after.stream_type,
        before=before,
        after=after,
        events=end - start,
        differences=[
            _difference(field_change(change, after.stream_type, names), causes.of(change, told))
            for change in net
        ],
    )


class _Causes:
    """The events that changed what differs in the end."""

    def __init__(self, net: Sequence[Change]) -> None:
        self._net = net
        self._found: deque[Happening] = deque(maxlen=MOST_TOLD)

    @property
    def happenings(self) -> list[Happening]:
        return list(self._found)

    def look_through(self, life: Life, records: Sequence[Record]) -> None:
        """Goes on through a life. Blocks."""
        for happening in follow(life, records):
            changed = [change.path for change in happening.changes]
            if any(overlap(path, each.path) for path in changed for each in self._net):
                self._found.append(happening)

    def of(self, change: Change, told: Iterable[LifeEvent]) -> list[Cause]:
        """The events that changed this value."""
        return [
            Cause(event.version, event.position, event.sentence)
            for happening, event in zip(self._found, told, strict=True)
            if any(overlap(each.path, change.path) for each in happening.changes)
        ]


def _difference(change: FieldChange, because: list[Cause]) -> Difference:
    return Difference(**msgspec.structs.asdict(change), because=because)


def in_order(before: Moment | None, after: Moment | None) -> tuple[Moment | None, Moment]:
    """The two moments. Raises NotFound when the stream did not exist at either, ProblemError (422)
    when they are the wrong way round."""
    if after is None:
        raise NotFound("This stream did not exist at either moment.")
    if before is not None and before.version > after.version:
        raise ProblemError(invalid(FieldError("from", "It comes after `to`.")))
    return before, after
