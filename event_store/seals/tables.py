"""The tables of the seals: reading the tree off them, and adding to it."""

import struct
from collections.abc import Iterable, Sequence
from typing import Any

from psycopg import Connection
from psycopg.rows import tuple_row

from event_store.seals.checkpoint import Checkpoint
from event_store.seals.merkle import (
    Frontier,
    Node,
    Range,
    Subtree,
    range_hash,
    root_of,
    stored_subtrees,
    subtrees,
)

PAGE = 32
"""Leaves of one row, at most."""
HASHES = (
    "SELECT 0 AS level, index, hash FROM unnest(%s::bigint[]) AS index, seals.leaf(index)"
    " UNION ALL SELECT level, index, hash FROM seals.nodes"
    " WHERE (level, index) IN (SELECT * FROM unnest(%s::smallint[], %s::bigint[]))"
)
"""SQL: the hashes of stored subtrees; its parameters are those of `hash_parameters`."""
LATEST = "SELECT note FROM seals.checkpoints ORDER BY size DESC LIMIT 1"
_LAST = (
    "SELECT number + 1, position FROM seals.leaves"
    " WHERE first = (SELECT max(first) FROM seals.leaf_pages) ORDER BY number DESC LIMIT 1"
)
_SIGNATURE = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_END = b"\xff\xff"
_PAGE = struct.Struct(">hiq")
_ARRAY = struct.Struct(">iiiIii")
_BIGINT, _BYTEA = 20, 17
_NODE = struct.Struct(">hihiqi32s")


class SubtreeMissing(Exception):
    """Part of the tree isn't in the tables: somebody has deleted it."""


def hash_parameters(wanted: Iterable[Subtree]) -> tuple[list[int], list[int], list[int]]:
    """The parameters of `HASHES`: numbers of leaves; levels and indexes of nodes."""
    split: tuple[list[int], list[int], list[int]] = [], [], []
    for level, index in sorted(wanted):
        if level == 0:
            split[0].append(index)
        else:
            split[1].append(level)
            split[2].append(index)
    return split


def hashes(connection: Connection[Any], ranges: Iterable[Range]) -> dict[Subtree, bytes]:
    """The stored hashes that these ranges are made of, as far as they are there."""
    cursor = connection.cursor(row_factory=tuple_row, binary=True)
    rows = cursor.execute(HASHES, hash_parameters(stored_subtrees(ranges)))
    return {(level, index): bytes(hash) for level, index, hash in rows}


def frontier(connection: Connection[Any], size: int) -> Frontier:
    """The frontier of the tree of that size, which must be there. Raises SubtreeMissing."""
    spans = [(index << level, (index + 1) << level) for level, index in subtrees(0, size)]
    known = hashes(connection, spans)
    try:
        return Frontier(size, [range_hash(span, known) for span in spans])
    except KeyError as error:
        raise SubtreeMissing(f"The subtree {error} is not stored.") from None


def root(connection: Connection[Any], size: int) -> bytes:
    """The root of the tree of that size, by the tables. Raises SubtreeMissing."""
    return root_of(frontier(connection, size).peaks)


def end(connection: Connection[Any]) -> tuple[int, int]:
    """How many events are sealed, and the position of the last (0 when there is none)."""
    row = connection.cursor(row_factory=tuple_row).execute(_LAST).fetchone()
    return (row[0], row[1]) if row else (0, 0)


def latest(connection: Connection[Any]) -> Checkpoint | None:
    """The newest checkpoint."""
    row = connection.cursor(row_factory=tuple_row).execute(LATEST).fetchone()
    return Checkpoint.parse(row[0]) if row else None


def checkpoints_after(connection: Connection[Any], size: int) -> list[Checkpoint]:
    """The checkpoints of larger trees, the smallest first."""
    rows = connection.cursor(row_factory=tuple_row).execute(
        "SELECT note FROM seals.checkpoints WHERE size > %s ORDER BY size", (size,)
    )
    return [Checkpoint.parse(note) for (note,) in rows]


def add(
    connection: Connection[Any],
    first: int,
    positions: Sequence[bytes],
    hashes: Sequence[bytes],
    nodes: Sequence[Node],
) -> None:
    """Adds leaves from the number `first` on, of events at these positions (of 8 bytes), and nodes.

    Raises psycopg.errors.UniqueViolation when somebody else has: whoever goes on from the same
    end begins a page with the same number.
    """
    pages = [
        _page(first + at, positions[at : at + PAGE], hashes[at : at + PAGE])
        for at in range(0, len(hashes), PAGE)
    ]
    _copy(connection, "leaf_pages (first, positions, hashes)", pages)
    rows = [_NODE.pack(3, 2, level, 8, index, 32, hash) for level, index, hash in nodes]
    _copy(connection, "nodes (level, index, hash)", rows)


def add_checkpoint(connection: Connection[Any], checkpoint: Checkpoint, kid: str) -> None:
    """Adds a checkpoint. Raises psycopg.errors.UniqueViolation when there is one of its size."""
    connection.execute(
        "INSERT INTO seals.checkpoints (size, root, signed_at, kid, note)"
        " VALUES (%s, %s, %s, %s, %s)",
        (checkpoint.size, checkpoint.root, checkpoint.signed_at, kid, checkpoint.note),
    )


def _page(first: int, positions: Sequence[bytes], hashes: Sequence[bytes]) -> bytes:
    """A row in the form of Postgres' binary COPY."""
    return _PAGE.pack(3, 8, first) + _array(_BIGINT, positions) + _array(_BYTEA, hashes)


def _array(type: int, values: Sequence[bytes]) -> bytes:
    """An array in the same form, of values that are equally long: each stands behind its length."""
    length = len(values[0]).to_bytes(4)
    content = length + length.join(values)
    size = _ARRAY.size - 4 + len(content)
    return _ARRAY.pack(size, 1, 0, type, len(values), 1) + content


def _copy(connection: Connection[Any], table: str, rows: Sequence[bytes]) -> None:
    if rows:
        statement = f"COPY seals.{table} FROM STDIN (FORMAT BINARY)"
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write(_SIGNATURE + b"".join(rows) + _END)
