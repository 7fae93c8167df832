"""Compares a piece of the log with its leaves, and computes the tree over it anew."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from psycopg import Connection

from event_store.recorder import SETTLED
from event_store.seals.leaf import COLUMNS, copied, hash_of, position_of
from event_store.seals.merkle import STORED_EVERY, levels_over
from event_store.seals.tables import PAGE
from event_store.seals.verdict import Kind, Problem, at, gathered

PIECE_LEVEL = 16
PIECE = 1 << PIECE_LEVEL
"""Leaves of one piece: a complete subtree."""
_NUMBER, _LEAF_POSITION, _LEAF_HASH = slice(6, 14), slice(18, 26), slice(30, 62)
"""Where the columns of a leaf are in a row of `copied`."""


class Span(msgspec.Struct, frozen=True):
    """Leaves from the number `first` to below `end`, events above the position `after` up to
    `upto`."""

    first: int
    end: int
    after: int
    upto: int


class Piece(msgspec.Struct):
    """What was found: `levels` is the tree over the leaves, None when some are not known."""

    events: int
    levels: list[Sequence[bytes]] | None
    problems: list[Problem]


class Known(msgspec.Struct):
    """Leaves as they are stored, or events as they hash: positions of 8 bytes, and hashes."""

    positions: list[bytes]
    hashes: list[bytes]
    numbers: list[bytes] = msgspec.field(default_factory=list)


def read_piece(connection: Connection[Any], span: Span) -> Piece:
    """Compares the events of a span with their leaves and those with the stored nodes."""
    leaves, events = _leaves(connection, span), _events(connection, span)
    if _agree(leaves, events, span):
        hashes: list[bytes] | None = leaves.hashes
        problems: list[Problem] = []
    else:
        comparison = _Comparison(span, events)
        hashes = comparison.run(leaves)
        problems = gathered(comparison.problems)
    levels = None if hashes is None else levels_over(hashes)
    if levels is not None:
        problems += _wrong_nodes(connection, span.first, levels)
    return Piece(len(events.positions), levels, problems)


def _leaves(connection: Connection[Any], span: Span) -> Known:
    rows = [
        *copied(
            connection,
            "SELECT number, position, hash FROM seals.leaves"
            f" WHERE first > {span.first - PAGE} AND first < {span.end}"
            f" AND number >= {span.first} AND number < {span.end} ORDER BY number",
        )
    ]
    return Known(
        [row[_LEAF_POSITION] for row in rows],
        [row[_LEAF_HASH] for row in rows],
        [row[_NUMBER] for row in rows],
    )


def _events(connection: Connection[Any], span: Span) -> Known:
    found = Known([], [])
    add_position, add_hash = found.positions.append, found.hashes.append
    for row in copied(
        connection,
        f"SELECT {COLUMNS} FROM event_store.events WHERE position > {span.after}"
        f" AND position <= {span.upto} AND position < {SETTLED} ORDER BY position",
    ):
        add_position(position_of(row))
        add_hash(hash_of(row))
    return found


def _agree(leaves: Known, events: Known, span: Span) -> bool:
    return (
        leaves.hashes == events.hashes
        and leaves.positions == events.positions
        and leaves.numbers == [number.to_bytes(8) for number in range(span.first, span.end)]
    )


class _Comparison:
    """Goes through leaves and events side by side, and notes where they part."""

    def __init__(self, span: Span, events: Known) -> None:
        self.problems: list[Problem] = []
        self._span = span
        self._events = zip(map(int.from_bytes, events.positions), events.hashes, strict=True)
        self._event = next(self._events, None)
        self._hashes: list[bytes] = []
        self._is_whole = True

    def run(self, leaves: Known) -> list[bytes] | None:
        """The hashes of all leaves, as they should be stored; None when some can't be known."""
        expected, before = self._span.first, self._span.after
        for number, position, hash in _rows(leaves):
            if position <= before:
                self.problems.append(at(Kind.LEAF_OUT_OF_ORDER, number, position))
            between = [*self._events_before(position)]
            self._bridge(expected, number, between)
            self._meet(number, position, hash)
            expected, before = number + 1, max(position, before)
        self._bridge(expected, self._span.end, [*self._events_before(1 << 63)])
        return self._hashes if self._is_whole else None

    def _events_before(self, position: int) -> Iterator[tuple[int, bytes]]:
        while self._event is not None and self._event[0] < position:
            yield self._event
            self._event = next(self._events, None)

    def _bridge(self, expected: int, number: int, between: list[tuple[int, bytes]]) -> None:
        """What lies between two leaves: nothing, or events that have lost theirs, or ..."""
        if number - expected == len(between):
            for missing, (position, hash) in enumerate(between, expected):
                self.problems.append(at(Kind.LEAF_MISSING, missing, position))
                self._hashes.append(hash)
            return
        self.problems += [at(Kind.INSERTED, None, position) for position, _ in between]
        self.problems += [at(Kind.DELETED, gone, None) for gone in range(expected, number)]
        self._is_whole = self._is_whole and expected == number

    def _meet(self, number: int, position: int, hash: bytes) -> None:
        self._hashes.append(hash)
        if self._event is None or self._event[0] != position:
            self.problems.append(at(Kind.DELETED, number, position))
            return
        if self._event[1] != hash:
            self.problems.append(at(Kind.EDITED, number, position))
        self._event = next(self._events, None)


def _rows(leaves: Known) -> Iterator[tuple[int, int, bytes]]:
    for row in zip(leaves.numbers, leaves.positions, leaves.hashes, strict=True):
        yield int.from_bytes(row[0]), int.from_bytes(row[1]), row[2]


def _wrong_nodes(
    connection: Connection[Any], first: int, levels: Sequence[Sequence[bytes]]
) -> list[Problem]:
    """Stored nodes that aren't what follows from the leaves."""
    problems = []
    for level in range(STORED_EVERY, len(levels), STORED_EVERY):
        start = first >> level
        computed = dict(enumerate(levels[level], start))
        stored = dict(
            connection.execute(
                "SELECT index, hash FROM seals.nodes"
                " WHERE level = %s AND index >= %s AND index < %s",
                (level, start, start + len(computed)),
            ).fetchall()
        )
        problems += [
            wrong_node(level, index)
            for index, hash in computed.items()
            if stored.get(index) != hash
        ]
    return problems


def wrong_node(level: int, index: int) -> Problem:
    """A node that isn't what follows from the leaves below it."""
    return Problem(
        Kind.NODE_WRONG,
        f"the node over these, at level {level}, is missing or isn't what follows from the leaves",
        number=index << level,
        last_number=((index + 1) << level) - 1,
    )
