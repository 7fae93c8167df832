"""Proves that the log is the one that was sealed, or says where it isn't.

Everything is computed anew from the rows of the log: each event's leaf is compared with the stored
one, the tree over the leaves with the stored nodes, and its root with every signed checkpoint, in
the database and from outside it. Somebody who changes leaves and nodes to fit a changed event can't
sign: then the first signed root that no longer follows says between which two checkpoints it was.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from psycopg import Connection

from event_store.recorder import SETTLED
from event_store.seals import tables
from event_store.seals.checkpoint import Checkpoint, NotACheckpoint
from event_store.seals.merkle import Frontier, peaks_of, root_of
from event_store.seals.moves import explained
from event_store.seals.piece import PIECE, PIECE_LEVEL, Piece, Span, read_piece, wrong_node
from event_store.seals.verdict import Kind, Problem, Verdict, gathered

Remembered = Mapping[int, bytes]
"""What an auditor has kept: the hashes of leaves, by their numbers."""

_BEFORE = (
    "SELECT coalesce(max(position), 0) FROM seals.leaves WHERE number < %s"
    " AND first = (SELECT max(first) FROM seals.leaf_pages WHERE first < %s)"
)
_CHECKPOINTS = (
    "SELECT size, root, signed_at, kid, note FROM seals.checkpoints"
    " WHERE size > %s AND size <= %s ORDER BY size"
)
_BEYOND = "SELECT count(*), max(size) FROM seals.checkpoints WHERE size > %s"
_KEYS = "SELECT kid FROM seals.signing_keys ORDER BY generation"
_UNSEALED = (
    "SELECT count(*), min(recorded_at) FROM event_store.events"
    f" WHERE position > %s AND position < {SETTLED}"
)
_HIGH_NODES = "SELECT level, index, hash FROM seals.nodes WHERE level > %s"
_BEYOND_NODES = "SELECT max((index + 1) << level) FROM seals.nodes WHERE (index + 1) << level > %s"


def verify(
    connection: Connection[Any],
    keys: Mapping[str, Ed25519PublicKey],
    witnessed: Iterable[Checkpoint] = (),
    remembered: Remembered | None = None,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Verdict:
    """Verifies the live log over a connection in autocommit mode that may read events and seals.

    `keys` are the public keys to believe, by their ids, as `SealingKeys.genuine` gives them.
    `witnessed` are checkpoints from outside the database, `remembered` leaves from an earlier
    export. `progress` is told how many events are done, of how many. Raises psycopg.Error.
    """
    return _Verifying(connection, keys, witnessed, remembered or {}).run(progress)


class _Claim(msgspec.Struct, frozen=True):
    """A root that was signed, as the database or somebody outside it knows it.

    Each is compared with the last before it of its kind: history may have been changed before
    a checkpoint that the database has only got since.
    """

    size: int
    root: bytes
    signed_at: datetime
    is_outside: bool


class _Verifying:
    """One run."""

    def __init__(
        self,
        connection: Connection[Any],
        keys: Mapping[str, Ed25519PublicKey],
        witnessed: Iterable[Checkpoint],
        remembered: Remembered,
    ) -> None:
        self._connection = connection
        self._keys = keys
        self._witnessed = sorted(witnessed, key=lambda each: each.size)
        self._remembered = remembered
        self._problems: list[Problem] = []
        self._tree = Frontier(base=PIECE_LEVEL)
        self._is_known = True
        self._agreed = {True: 0, False: 0}
        self._checkpoints = 0
        self._events = 0

    def run(self, progress: Callable[[int, int], None]) -> Verdict:
        started = time.perf_counter()
        size, upto = tables.end(self._connection)[0], 0
        self._check_keys()
        for span in self._spans(size):
            piece = read_piece(self._connection, span)
            self._events += piece.events
            self._problems += piece.problems
            self._compare(span, piece)
            upto = span.upto
            progress(span.end, size)
        self._check_end(size)
        unsealed, since = self._row(_UNSEALED, upto)
        problems = explained(self._connection, gathered(self._problems))
        return Verdict(
            events=self._events + unsealed,
            sealed=size,
            unsealed=unsealed,
            unsealed_since=since,
            checkpoints=self._checkpoints,
            witnessed=len(self._witnessed),
            problems=[_at_the_end(problem, size) for problem in problems],
            seconds=time.perf_counter() - started,
        )

    def _spans(self, size: int) -> Iterator[Span]:
        after = 0
        for first in range(0, size, PIECE):
            end = min(first + PIECE, size)
            upto = max(after, self._value(_BEFORE, end, end))
            yield Span(first, end, after, upto)
            after = upto

    def _compare(self, span: Span, piece: Piece) -> None:
        """Compares what was signed about this piece with what follows from it."""
        claims = sorted(self._claims(span), key=lambda claim: (claim.size, not claim.is_outside))
        if piece.levels is None:
            self._is_known = False
        if not self._is_known or piece.levels is None:
            return
        self._compare_remembered(span, piece.levels[0])
        for claim in claims:
            peaks = peaks_of(piece.levels, claim.size - span.first)
            if root_of([*self._tree.peaks, *peaks]) != claim.root:
                self._problems.append(_rewritten(self._agreed[claim.is_outside], claim))
                self._is_known = False  # it would be said again of every later one
                return
            self._agreed[claim.is_outside] = claim.size
        if span.end - span.first == PIECE:
            self._grow(piece.levels[-1])

    def _grow(self, hashes: Sequence[bytes]) -> None:
        kept = self._tree.extend(hashes)
        if not kept:
            return
        rows = self._connection.execute(_HIGH_NODES, (PIECE_LEVEL,)).fetchall()
        stored = {(level, index): hash for level, index, hash in rows}
        self._problems += [
            wrong_node(level, index)
            for level, index, hash in kept
            if stored.get((level, index)) != hash
        ]

    def _claims(self, span: Span) -> Iterator[_Claim]:
        """What is truly signed about sizes of this span; what isn't, is a problem."""
        stored = set()
        for row in self._connection.execute(_CHECKPOINTS, (span.first, span.end)).fetchall():
            self._checkpoints += 1
            stored.add(row[0])
            checkpoint = self._checked_row(*row)
            if checkpoint is not None:
                yield _Claim(checkpoint.size, checkpoint.root, checkpoint.signed_at, False)
        for checkpoint in self._witnessed:
            if span.first < checkpoint.size <= span.end and self._is_ours(checkpoint):
                if checkpoint.size not in stored:
                    self._problems.append(_checkpoint(Kind.CHECKPOINT_MISSING, checkpoint.size))
                yield _Claim(checkpoint.size, checkpoint.root, checkpoint.signed_at, True)

    def _checked_row(
        self, size: int, root: bytes, signed_at: datetime, kid: str, note: str
    ) -> Checkpoint | None:
        try:
            found = Checkpoint.parse(note)
        except NotACheckpoint:
            found = None
        key = self._keys.get(kid)
        if (
            found is None
            or key is None
            or (found.size, found.root, found.signed_at) != (size, root, signed_at)
            or not found.is_signed_by(key)
        ):
            self._problems.append(_checkpoint(Kind.CHECKPOINT_FORGED, size))
            return None
        return found

    def _is_ours(self, checkpoint: Checkpoint) -> bool:
        if any(checkpoint.is_signed_by(key) for key in self._keys.values()):
            return True
        says = (
            f"a checkpoint from outside, of size {checkpoint.size}, is signed by none of our keys"
        )
        self._problems.append(Problem(Kind.CHECKPOINT_FORGED, says))
        return False

    def _compare_remembered(self, span: Span, hashes: Iterable[bytes]) -> None:
        if not self._remembered:
            return
        self._problems += [
            _otherwise(number)
            for number, hash in enumerate(hashes, span.first)
            if self._remembered.get(number, hash) != hash
        ]

    def _check_keys(self) -> None:
        for (kid,) in self._connection.execute(_KEYS).fetchall():
            if kid not in self._keys:
                says = f"the sealing key {kid} was not made by us, or is not among those believed"
                self._problems.append(Problem(Kind.KEY_FORGED, says))

    def _check_end(self, size: int) -> None:
        """Whether anything knows of more events than there are leaves."""
        count, largest = self._row(_BEYOND, size)
        self._checkpoints += count
        known = [(largest or 0, "a checkpoint in the database")]
        known.append((self._value(_BEYOND_NODES, size) or 0, "a stored node"))
        outside = [each for each in self._witnessed if each.size > size and self._is_ours(each)]
        if outside:
            when = f"{outside[-1].signed_at:%Y-%m-%d %H:%M:%S}Z"
            known.append((outside[-1].size, f"the checkpoint signed at {when}, kept outside,"))
        known.append((max(self._remembered, default=-1) + 1, "an export"))
        end, whose = max(known, key=lambda each: each[0])
        if end > size:
            says = f"{whose} knows these events; they are gone from the end of the log"
            self._problems.append(Problem(Kind.CUT_OFF, says, size, end - 1))

    def _value(self, sql: str, *params: object) -> Any:
        return self._row(sql, *params)[0]

    def _row(self, sql: str, *params: object) -> Any:
        row = self._connection.execute(sql, params).fetchone()
        assert row is not None
        return row


def _rewritten(agreed: int, claim: _Claim) -> Problem:
    when = f"{claim.signed_at:%Y-%m-%d %H:%M:%S}Z"
    return Problem(
        Kind.REWRITTEN,
        f"some of these events are others than those signed at {when}, and their leaves were"
        " changed to fit; no checkpoint after that can agree",
        number=agreed,
        last_number=claim.size - 1,
    )


def _otherwise(number: int) -> Problem:
    says = "it is another event than the one exported earlier"
    return Problem(Kind.REMEMBERED_OTHERWISE, says, number=number)


def _checkpoint(kind: Kind, size: int) -> Problem:
    says = {
        Kind.CHECKPOINT_FORGED: f"the checkpoint of size {size} isn't as one of our keys signed it",
        Kind.CHECKPOINT_MISSING: f"the checkpoint of size {size} is gone from the database",
    }
    return Problem(kind, says[kind], number=size - 1)


def _at_the_end(problem: Problem, size: int) -> Problem:
    """Events that are gone from the end were cut off."""
    if problem.kind is Kind.DELETED and problem.numbers and problem.numbers[-1] == size - 1:
        says = "sealed at the end of the log, and gone"
        return msgspec.structs.replace(problem, kind=Kind.CUT_OFF, says=says)
    return problem
