"""Follows the log and seals it: numbers, leaves, nodes, and at most once a second a checkpoint.

What one step adds it adds in one transaction, and everything it starts from is in the tables: it
may die at any line, and the next one goes on exactly there. While it runs it believes its own
frontier and no table; before that it believes the tables only when they agree with what was signed
last, here and at the witness. Otherwise somebody has changed them, and it signs nothing.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from psycopg import Connection
from psycopg.rows import scalar_row

from event_store.recorder import SETTLED
from event_store.seals import tables
from event_store.seals.checkpoint import Checkpoint, sign_checkpoint
from event_store.seals.keys import SealingKeys
from event_store.seals.leaf import COLUMNS, copied, hash_of, position_of
from event_store.seals.merkle import Frontier
from event_store.seals.metrics import BROKEN, CHECKPOINTS, LEADING, POSITION, SEALED
from event_store.seals.tables import SubtreeMissing
from event_store.seals.witness import Witness

logger = logging.getLogger(__name__)

BATCH: Final = 8_000
"""Events sealed in one transaction, which holds back readers of the log while it is written."""
INTERVAL: Final = 1.0
"""Seconds between two checkpoints, at least."""
POLL: Final = 0.25
"""Seconds between two looks at a log from which nothing came."""
LOCK: Final = int.from_bytes(b"lms_seal")
"""The advisory lock of the one that works."""


class SealsBroken(Exception):
    """What is sealed contradicts what was signed: `lms audit verify` says where."""


class _State(msgspec.Struct):
    """What is sealed: up to which position, and up to which size it is signed and witnessed."""

    frontier: Frontier
    position: int
    signed: int


class Sealer:
    """Seals over one connection (role `lms_seal`, autocommit), which holds the lock of the one
    sealer that works: what ends the lock ends its writing too. Not thread-safe.

    `on_checkpoint` is told of each checkpoint once it is in the database and at the witness.
    """

    def __init__(
        self,
        connection: Connection[Any],
        keys: SealingKeys,
        witness: Witness,
        *,
        on_checkpoint: Callable[[Checkpoint], None] = lambda _: None,
        monotonic: Callable[[], float] = time.monotonic,
        batch: int = BATCH,
    ) -> None:
        self._connection = connection
        self._keys = keys
        self._witness = witness
        self._on_checkpoint = on_checkpoint
        self._monotonic = monotonic
        self._batch = batch
        self._state: _State | None = None
        self._leads = False
        self._signed_at = float("-inf")

    def step(self) -> bool:
        """Seals what has come; whether there is more to do at once.

        Raises SealsBroken, NotOurKey, OSError (the witness can't be written), psycopg.Error. After
        any of them the next step starts over from what is in the tables.
        """
        if not self._claim():
            return False
        try:
            return self._seal(self._state or self._load())
        except BaseException as error:
            self._state = None
            BROKEN.set(isinstance(error, SealsBroken))
            raise

    @property
    def pause(self) -> float:
        """Seconds until the next step: under load just so many that it may sign again."""
        return max(POLL, self._signed_at + INTERVAL - self._monotonic())

    def _claim(self) -> bool:
        if not self._leads:
            cursor = self._connection.cursor(row_factory=scalar_row)
            asked = cursor.execute("SELECT pg_try_advisory_lock(%s)", (LOCK,))
            self._leads = bool(asked.fetchone())
        LEADING.set(self._leads)
        return self._leads

    def _load(self) -> _State:
        """Where to go on, once the tables and the witness agree. Raises SealsBroken."""
        size, position = tables.end(self._connection)
        try:
            state = _State(tables.frontier(self._connection, size), position, 0)
            checkpoint = tables.latest(self._connection)
            if checkpoint is not None:
                self._confirm(checkpoint, size, "the newest checkpoint")
                state.signed = checkpoint.size
            self._catch_up_witness(size)
        except SubtreeMissing as error:
            raise SealsBroken(str(error)) from None
        BROKEN.set(0)
        self._state = state
        logger.info("sealing after %d events, position %d", size, position)
        return state

    def _catch_up_witness(self, size: int) -> None:
        """Gives the witness what a crash, or another machine's sealer, has kept from it."""
        witnessed = self._witness.last()
        if witnessed is not None:
            self._confirm(witnessed, size, "the witness")
        known = witnessed.size if witnessed else 0
        for checkpoint in tables.checkpoints_after(self._connection, known):
            self._witness.append(checkpoint)

    def _confirm(self, checkpoint: Checkpoint, size: int, whose: str) -> None:
        """Whether the tables hold the tree that was signed. Raises SealsBroken, SubtreeMissing."""
        keys = self._keys.genuine(self._connection).values()
        if not any(checkpoint.is_signed_by(key) for key in keys):
            raise SealsBroken(f"By {whose}: the signature is by none of our keys.")
        if checkpoint.size > size:
            raise SealsBroken(f"By {whose} {checkpoint.size} events were sealed; {size} are there.")
        if tables.root(self._connection, checkpoint.size) != checkpoint.root:
            raise SealsBroken(f"By {whose} the first {checkpoint.size} events were others.")

    def _seal(self, state: _State) -> bool:
        positions, hashes = self._read(state.position)
        grown = state.frontier.copy()
        nodes = grown.extend(hashes)
        is_behind = len(hashes) == self._batch
        checkpoint = self._due_checkpoint(state, grown, is_behind)
        if not hashes and checkpoint is None:
            return False
        with self._connection.transaction():
            tables.add(self._connection, state.frontier.size, positions, hashes, nodes)
            if checkpoint is not None:
                tables.add_checkpoint(self._connection, *checkpoint)
        position = int.from_bytes(positions[-1]) if positions else state.position
        signed = state.signed if checkpoint is None else grown.size
        self._state = _State(grown, position, signed)
        SEALED.set(grown.size)
        POSITION.set(position)
        if checkpoint is not None:
            self._publish(checkpoint[0])
        return is_behind

    def _read(self, after: int) -> tuple[list[bytes], list[bytes]]:
        """Of the next events the positions, in 8 bytes, and the hashes of their leaves."""
        query = (
            f"SELECT {COLUMNS} FROM event_store.events WHERE position > {after}"
            f" AND position < {SETTLED} ORDER BY position LIMIT {self._batch}"
        )
        rows = [*copied(self._connection, query)]
        return [position_of(row) for row in rows], [hash_of(row) for row in rows]

    def _due_checkpoint(
        self, state: _State, grown: Frontier, is_behind: bool
    ) -> tuple[Checkpoint, str] | None:
        """The next checkpoint and the id of its key, unless it is too soon or nothing is new.

        One that is behind signs half as often: what comes next would have to wait for another.
        """
        now = self._monotonic()
        interval = INTERVAL * 2 if is_behind else INTERVAL
        if grown.size == state.signed or now - self._signed_at < interval:
            return None
        self._signed_at = now
        key = self._keys.active(self._connection)
        at = datetime.now(UTC)
        signed = sign_checkpoint(key.origin, grown.size, grown.root(), at, key.private_key)
        return signed, key.kid

    def _publish(self, checkpoint: Checkpoint) -> None:
        CHECKPOINTS.inc()
        self._witness.append(checkpoint)
        self._on_checkpoint(checkpoint)
