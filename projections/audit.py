"""Read model: by what each event of the log can be found.

It follows every event there is, of types too that this program doesn't know, and reads what stands
in the log without decoding it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zlib import crc32

import msgspec

from event_store.bearing import Bearing
from event_store.record import Metadata, Record
from projections.entry import Entry
from projections.projection import Projection, Statement

PARTS: Final = frozenset(
    {
        "assessments",
        "enrolment_id",
        "kept",
        "lesson_id",
        "lessons",
        "module_id",
        "secret_id",
        "session_id",
    }
)
"""Fields with ids that have no stream of their own, or that repeat what a course consists of:
an event isn't about these."""

ERASED: Final = "learner.erased.v"
"""Of whatever version: after it nothing of the person's own can be unsealed."""

NOBODY: Final = UUID(int=0)
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_ID_LENGTH = 36
_FIELDS = msgspec.json.Decoder(dict[str, Any])

Found = tuple[str, int, int, int]
"""A row of `audit_entry`."""


class AuditProjection(Projection):
    """Tables `audit_entry`, `audit_type`, `audit_address`, `audit_minute`."""

    name = "audit"
    version = 1
    follows_all = True

    def prepare(self, entries: Sequence[Entry]) -> Iterable[Statement]:
        """Few statements, however many events: this is most of what the projector writes."""
        found: list[Found] = []
        addresses: set[tuple[UUID, UUID]] = set()
        for entry in entries:
            address, actor = entry.address, entry.metadata.actor
            found.extend(_found(entry.record, entry.metadata, address))
            if address is not None and actor is not None:
                addresses.add((actor, address))
        records = [entry.record for entry in entries]
        yield _types(records)
        yield _minutes(records)
        yield _entries(found)
        if addresses:
            yield _addresses(sorted(addresses))
        for record in records:
            if record.type.startswith(ERASED):
                yield forget(record.stream_id)


def type_id(name: str) -> int:
    """The id of a type of event: a hash of its name, as a signed number of 32 bits."""
    unsigned = crc32(name.encode())
    return unsigned - (unsigned >> 31 << 32)


def subjects(data: bytes) -> Iterator[str]:
    """The ids that stand in the data of an event, which is about what they name."""
    for name, value in _FIELDS.decode(data).items():
        if name in PARTS:
            continue
        for each in value if isinstance(value, list) else (value,):
            if isinstance(each, str) and len(each) == _ID_LENGTH and _ID.fullmatch(each):
                yield each


def forget(person: UUID) -> Statement:
    """Nothing that somebody did can be found by the address it came from any more."""
    return Statement(
        "WITH forgotten AS"
        " (DELETE FROM audit_address WHERE actor = %(person)s RETURNING address)"
        " DELETE FROM audit_entry WHERE (id, bearing, type, position) IN ("
        "SELECT address, %(address)s::smallint, type, position"
        " FROM audit_entry CROSS JOIN forgotten WHERE id = %(person)s AND bearing = %(actor)s)",
        {"person": person, "address": Bearing.ADDRESS.value, "actor": Bearing.ACTOR.value},
    )


def _found(record: Record, metadata: Metadata, address: UUID | None) -> Iterator[Found]:
    stream, actor, behalf = str(record.stream_id), metadata.actor, metadata.on_behalf_of
    bearings = {
        (str(NOBODY), Bearing.ANY),
        (stream, Bearing.STREAM),
        (str(metadata.correlation_id), Bearing.CORRELATION),
        *((id, Bearing.ABOUT) for id in subjects(record.data) if id != stream),
    }
    if actor is not None:
        bearings.add((str(actor), Bearing.ACTOR))
    if behalf is not None and behalf != actor:
        bearings.add((str(behalf), Bearing.BEHALF))
    if address is not None:
        bearings.add((str(address), Bearing.ADDRESS))
    type, position = type_id(record.type), record.position
    return ((id, bearing.value, type, position) for id, bearing in bearings)


def _entries(found: Sequence[Found]) -> Statement:
    return Statement(
        "INSERT INTO audit_entry (id, bearing, type, position)"
        " SELECT * FROM unnest(%s::uuid[], %s::smallint[], %s::integer[], %s::bigint[])",
        [list(column) for column in zip(*found, strict=True)],
    )


def _types(records: Sequence[Record]) -> Statement:
    named = {type_id(record.type): record for record in records}
    return Statement(
        "INSERT INTO audit_type (id, name, kind)"
        " SELECT * FROM unnest(%s::integer[], %s::text[], %s::text[]) ON CONFLICT DO NOTHING",
        (
            list(named),
            [record.type for record in named.values()],
            [record.stream_type for record in named.values()],
        ),
    )


def _minutes(records: Sequence[Record]) -> Statement:
    """The records are in the order of their positions."""
    first: dict[datetime, int] = {}
    last: dict[datetime, int] = {}
    for record in records:
        minute = record.recorded_at.replace(second=0, microsecond=0)
        first.setdefault(minute, record.position)
        last[minute] = record.position
    return Statement(
        "INSERT INTO audit_minute AS known (minute, first, last)"
        " SELECT * FROM unnest(%s::timestamptz[], %s::bigint[], %s::bigint[])"
        " ON CONFLICT (minute) DO UPDATE SET first = least(known.first, excluded.first),"
        " last = greatest(known.last, excluded.last)",
        (list(first), list(first.values()), list(last.values())),
    )


def _addresses(pairs: Sequence[tuple[UUID, UUID]]) -> Statement:
    return Statement(
        "INSERT INTO audit_address (actor, address)"
        " SELECT * FROM unnest(%s::uuid[], %s::uuid[]) ON CONFLICT DO NOTHING",
        [list(column) for column in zip(*pairs, strict=True)],
    )
