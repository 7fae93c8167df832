"""A part of history to take away: NDJSON that proves itself with nothing but a public key.

A header with a signed checkpoint, then each event to the byte with the proof that it is in the tree
of that checkpoint, then a signature over all lines before it. `deploy/verify_export.py` checks it.
"""

import hashlib
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import scalar_row, tuple_row

from event_store.record import Record
from event_store.seals import tables
from event_store.seals.checkpoint import Checkpoint, sign
from event_store.seals.keys import SealingKey
from event_store.seals.leaf import TAG, leaf_hash_of
from event_store.seals.merkle import (
    Range,
    Subtree,
    inclusion_ranges,
    range_hash,
)

FORMAT = "lms-export/1"
Bound = int | datetime | None
"""A position, or an instant; None: no bound."""
_BLOCK = 512
_SELECT = (
    "SELECT seals.number_at(position), position, stream_id, stream_type, version, type, data::text,"
    " metadata::text, recorded_at FROM event_store.events"
    " WHERE position > %s AND position <= %s ORDER BY position LIMIT %s"
)
_COUNT = (
    "SELECT first + (SELECT count(*) FROM unnest(positions) AS position WHERE position <= %(upto)s)"
    " FROM seals.leaf_pages WHERE positions[1] <= %(upto)s ORDER BY positions[1] DESC LIMIT 1"
)
_SINCE = "SELECT min(position) FROM event_store.events WHERE recorded_at >= %s"
_BEFORE = "SELECT max(position) FROM event_store.events WHERE recorded_at < %s"
_POSITION = "SELECT position FROM seals.leaf(%s)"
_HIGHEST = 2**63 - 1


class NothingSealed(Exception):
    """No sealed event lies within the bounds."""


class Selection(msgspec.Struct, frozen=True):
    """What lies within bounds: numbers from `first` to `last`, in the tree of a checkpoint."""

    checkpoint: Checkpoint
    first: int
    last: int
    after: int
    upto: int


def select(connection: Connection[Any], since: Bound, until: Bound) -> Selection:
    """The sealed events from `since` on, up to a position `until` or before an instant.

    Instants are those of recording. Raises NothingSealed.
    """
    checkpoint = tables.latest(connection)
    if checkpoint is None:
        raise NothingSealed("Nothing has been sealed yet.")
    start = _position(connection, _SINCE, since, 0)
    end = _position(connection, _BEFORE, until, _HIGHEST)
    first = _count(connection, start - 1)
    last = min(_count(connection, end), checkpoint.size) - 1
    if first > last:
        raise NothingSealed("No event within these bounds is sealed.")
    position = _number(connection, _POSITION, first)
    upto = _number(connection, _POSITION, last)
    assert position is not None
    assert upto is not None
    return Selection(checkpoint, first, last, position - 1, upto)


def export(connection: Connection[Any], selection: Selection, key: SealingKey) -> Iterator[bytes]:
    """The lines of an export, each with its line break."""
    digest = hashlib.sha256()
    for line in chain([_header(selection, key)], _events(connection, selection)):
        digest.update(line)
        yield line
    text = (
        f"{key.origin}/export\n{selection.first} {selection.last}\n"
        f"{b64encode(digest.digest()).decode()}\n"
    )
    yield _line({"kind": "end", "note": sign(text, key.origin, key.private_key)})


def remembered(line: bytes) -> tuple[int, bytes] | Checkpoint | None:
    """What a line of an earlier export still proves: an event's number and leaf hash, or the
    checkpoint; None for any other line. Raises ValueError for what is no line of an export.
    """
    content = msgspec.json.decode(line)
    if content["kind"] == "header":
        return Checkpoint.parse(content["checkpoint"])
    if content["kind"] != "event" or content["number"] is None:
        return None
    data, metadata = content["data"].encode(), content["metadata"].encode()
    record = msgspec.convert({**content, "data": "", "metadata": ""}, Record)
    whole = msgspec.structs.replace(record, data=data, metadata=metadata)
    return content["number"], leaf_hash_of(whole)


def _header(selection: Selection, key: SealingKey) -> bytes:
    return _line(
        {
            "kind": "header",
            "format": FORMAT,
            "origin": key.origin,
            "leaf": TAG.rstrip(b"\x00").decode(),
            "first": selection.first,
            "last": selection.last,
            "exported_at": datetime.now(UTC),
            "checkpoint": selection.checkpoint.note,
            "signed_by": key.kid,
        }
    )


def _events(connection: Connection[Any], selection: Selection) -> Iterator[bytes]:
    after = selection.after
    while True:
        rows = (
            connection.cursor(row_factory=tuple_row)
            .execute(_SELECT, (after, selection.upto, _BLOCK))
            .fetchall()
        )
        if not rows:
            return
        proofs = _proofs(connection, [row[0] for row in rows], selection.checkpoint.size)
        for row in rows:
            yield _event(row, proofs.get(row[0]))
        after = rows[-1][1]


def _event(row: tuple[Any, ...], proof: list[bytes] | None) -> bytes:
    number, position, stream_id, stream_type, version, type, data, metadata, recorded_at = row
    return _line(
        {
            "kind": "event",
            "number": number,
            "position": position,
            "stream_id": stream_id,
            "stream_type": stream_type,
            "version": version,
            "type": type,
            "recorded_at": recorded_at.astimezone(UTC),
            "data": data,
            "metadata": metadata,
            "proof": [b64encode(hash).decode() for hash in proof or ()],
        }
    )


def _proofs(
    connection: Connection[Any], numbers: list[int | None], size: int
) -> dict[int, list[bytes]]:
    """The inclusion proofs of these leaves; neighbours share most of what theirs are made of."""
    ranges = {
        number: inclusion_ranges(number, size)
        for number in numbers
        if number is not None and number < size
    }
    wanted = {span for spans in ranges.values() for span in spans}
    hashes = _hashes(wanted, tables.hashes(connection, wanted))
    return {number: [hashes[span] for span in spans] for number, spans in ranges.items()}


def _hashes(wanted: set[Range], known: dict[Subtree, bytes]) -> dict[Range, bytes]:
    try:
        return {span: range_hash(span, known) for span in wanted}
    except KeyError as error:
        raise tables.SubtreeMissing(f"The subtree {error} is not stored.") from None


def _position(connection: Connection[Any], sql: str, bound: Bound, unbounded: int) -> int:
    if bound is None:
        return unbounded
    if isinstance(bound, int):
        return bound
    found = _number(connection, sql, bound)
    if found is None:
        raise NothingSealed("No event was recorded within these bounds.")
    return found


def _count(connection: Connection[Any], upto: int) -> int:
    """How many events are sealed up to a position."""
    found = connection.execute(_COUNT, {"upto": upto}).fetchone()
    return found[0] if found else 0


def _number(connection: Connection[Any], sql: str, *params: object) -> int | None:
    found = connection.cursor(row_factory=scalar_row).execute(sql, params).fetchone()
    return found if isinstance(found, int) else None


def _line(content: dict[str, Any]) -> bytes:
    return msgspec.json.encode(content) + b"\n"
