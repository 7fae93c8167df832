"""From an event, or all that one request led to, back to what it rests on, told as a tree."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from domain.errors import NotFound
from event_store.bearing import Bearing
from event_store.record import Record
from read_api.audit_search import Bears, Question, find
from read_api.database import Database
from read_api.history import SELECT, AuditEntry, Person
from read_api.lives.archive import Archive
from read_api.lives.entries import FieldChange, LifeEvent, Teller
from read_api.lives.table import is_key
from read_api.lives.tree import Branch, Grower, Why

MOST_TRACED: Final = 500
"""Events in one trace, at most."""


class TraceNode(msgspec.Struct, frozen=True, kw_only=True):
    """One event of a trace.

    `why` says how it comes to stand there: `asked`, `reaction` (a policy did what stands above
    because of it), `earlier` (in the same life), `mentioned` (what stands above names its stream),
    `consequence` (a policy did it because of what stands above). `because` are the events that it
    rests on, `led_to` those that followed from it. `truncated`: it rests on more than is told.
    """

    why: Why
    sentence: str
    happened_at: datetime | None
    recorded_at: datetime
    actor: Person | None
    on_behalf_of: Person | None
    reason: str | None
    changes: Sequence[FieldChange]
    event: AuditEntry
    because: Sequence["TraceNode"]
    led_to: Sequence["TraceNode"]
    truncated: bool


class Participant(msgspec.Struct, frozen=True):
    """Somebody who had a part in it: how many of the events they did, or had done for them."""

    id: UUID
    name: str | None
    events: int


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """What led to an event, or what one request led to.

    `people` are all who had a part in it, whoever did most first. `truncated`: there is more.
    """

    roots: Sequence[TraceNode]
    people: Sequence[Participant]
    events: int
    truncated: bool


async def trace_of(
    database: Database, archive: Archive, teller: Teller, id: UUID | int, most: int
) -> Trace:
    """The trace of an event by its position, of the last event that counts of a stream, or of all
    events of a correlation. Raises NotFound when there is none of these."""
    if isinstance(id, int):
        roots = await _at(database, "position = %s", (id,))
    elif records := await _last_of(database, id):
        roots = records
    else:
        return await _consequences(database, archive, teller, id, most)
    return await _grown(database, archive, teller, roots, most)


async def trace_of_version(
    database: Database, archive: Archive, teller: Teller, stream_id: UUID, version: int, most: int
) -> Trace:
    """The trace of one event of a stream. Raises NotFound when there is no such event."""
    roots = await _at(database, "stream_id = %s AND version = %s", (stream_id, version))
    return await _grown(database, archive, teller, roots, most)


async def correlated(database: Database, correlation_id: UUID, limit: int) -> list[Record]:
    """The events of a correlation, in order, as far as the audit index has come."""
    asked = Question(bears=(Bears(correlation_id, (Bearing.CORRELATION,)),))
    found = await find(database, asked, descending=False, limit=limit)
    return await database.all(
        Record, f"{SELECT} WHERE position = ANY(%s) ORDER BY position", (list(found.positions),)
    )


def positions_in(nodes: Sequence[TraceNode]) -> list[int]:
    """The positions of all events in a tree."""
    return [
        position
        for node in nodes
        for position in (
            node.event.position,
            *positions_in(node.because),
            *positions_in(node.led_to),
        )
    ]


async def _at(database: Database, condition: str, params: tuple[object, ...]) -> list[Record]:
    records = await database.all(Record, f"{SELECT} WHERE {condition}", params)
    if not records:
        raise NotFound("There is no such event.")
    return records


async def _last_of(database: Database, stream_id: UUID) -> list[Record]:
    """The last event that counts of a stream, or its very last; none when there is no stream."""
    records = await database.all(
        Record,
        f"{SELECT} WHERE stream_id = %s ORDER BY version DESC LIMIT %s",
        (stream_id, MOST_TRACED),
    )
    counting = [record for record in records if is_key(record.type)]
    return (counting or records)[:1]


async def _grown(
    database: Database, archive: Archive, teller: Teller, records: Sequence[Record], most: int
) -> Trace:
    roots = [Branch(record, Why.ASKED) for record in records]
    await Grower(database, archive.types, most - len(roots)).grow(roots)
    return await _told(archive, database, teller, roots)


async def _consequences(
    database: Database, archive: Archive, teller: Teller, correlation_id: UUID, most: int
) -> Trace:
    records = await correlated(database, correlation_id, most + 1)
    if not records:
        raise NotFound("Nothing in the log has this id: no stream, no correlation.")
    branches = {record.position: Branch(record, Why.ASKED) for record in records[:most]}
    roots = []
    for branch in branches.values():
        cause = branches.get(branch.record.read_metadata().causation or 0)
        if cause is None:
            roots.append(branch)
        else:
            branch.why = Why.CONSEQUENCE
            cause.branches.append(branch)
    roots[-1].cut = len(records) > most
    return await _told(archive, database, teller, roots)


async def _told(
    archive: Archive, database: Database, teller: Teller, roots: Sequence[Branch]
) -> Trace:
    branches = [branch for root in roots for branch in root.all()]
    happenings = await archive.happenings(database, [branch.record for branch in branches])
    events = await teller.tell(happenings)
    told = {event.position: event for event in events}
    return Trace(
        roots=await asyncio.to_thread(lambda: [_node(root, told) for root in roots]),
        people=_people(events),
        events=len(branches),
        truncated=any(branch.cut for branch in branches),
    )


def _node(branch: Branch, told: Mapping[int, LifeEvent]) -> TraceNode:
    event = told[branch.record.position]
    below = [(each.why, _node(each, told)) for each in sorted(branch.branches, key=_order)]
    return TraceNode(
        why=branch.why,
        sentence=event.sentence,
        happened_at=event.happened_at,
        recorded_at=event.recorded_at,
        actor=event.actor,
        on_behalf_of=event.on_behalf_of,
        reason=event.reason,
        changes=event.changes,
        event=event.event,
        because=[node for why, node in below if why is not Why.CONSEQUENCE],
        led_to=[node for why, node in below if why is Why.CONSEQUENCE],
        truncated=branch.cut,
    )


def _order(branch: Branch) -> tuple[bool, int]:
    """What it reacts to first, then as things happened."""
    return branch.why is not Why.REACTION, branch.record.position


def _people(events: Iterable[LifeEvent]) -> list[Participant]:
    counted: Counter[UUID] = Counter()
    people: dict[UUID, Person] = {}
    for event in events:
        for person in (event.actor, event.on_behalf_of):
            if person is not None:
                people[person.id] = person
                counted[person.id] += 1
    return [Participant(id, people[id].name, times) for id, times in counted.most_common()]
