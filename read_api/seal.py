"""Queries on the seals of the log: checkpoints, proofs, and the keys that sign."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from access.actor import Actor as Reader
from domain.errors import NotFound
from edge.authentication import OPEN
from edge.cursor import DEFAULT_LIMIT, CursorParameter, Keyset, Limit, Page
from edge.faults import invalid
from edge.problem import FieldError, ProblemError, unavailable
from edge.request import EdgeRequest
from event_store.record import Record
from event_store.seals.keys import PUBLIC_KEYS, PublicKey
from event_store.seals.leaf import leaf_data, leaf_hash_of
from event_store.seals.merkle import (
    Range,
    Subtree,
    consistency_ranges,
    inclusion_ranges,
    proof,
    stored_subtrees,
)
from event_store.seals.tables import HASHES, hash_parameters
from read_api.asking import READS, Asking, found
from read_api.audit_reads import RECORDED, delivered
from read_api.condition import Condition, Where
from read_api.database import Database
from read_api.discovery import MINUTE
from read_api.history import SELECT as RECORDS

SELECT = "SELECT size, root, signed_at, kid, note FROM seals.checkpoints"
LATEST = f"{SELECT} ORDER BY size DESC LIMIT 1"
NUMBER = "SELECT value FROM seals.number_at(%s) AS value WHERE value IS NOT NULL"
SIZES = Keyset("checkpoints", tuple[int])
"""Newest first."""

From = Annotated[
    int, QueryParameter(name="from", ge=1, description="The size of the smaller, older tree.")
]
To = Annotated[
    int | None,
    QueryParameter(
        name="to", ge=1, description="The size of the larger; unset: of the latest checkpoint."
    ),
]


class NotSealedYet(NotFound):
    """The event is there, and will be sealed within a second or two."""

    code = "not-sealed-yet"


class CheckpointInfo(msgspec.Struct, frozen=True):
    """A signed root: `size` events had been sealed, and this (base64) was the root of their tree.

    `note` is what was signed, with its signature: a C2SP checkpoint. The key `kid` is one of
    `/.well-known/seal-keys.json`.
    """

    size: int
    root: bytes
    signed_at: datetime
    kid: str
    note: str


class InclusionProof(msgspec.Struct, frozen=True, kw_only=True):
    """That an event is in the tree of a checkpoint, by RFC 9162.

    `leaf` are the bytes that are sealed of the event, `leaf_hash` is their hash, `path` the hashes
    that lead from it to the root; all in base64.
    """

    position: int
    number: int
    leaf: bytes
    leaf_hash: bytes
    path: Sequence[bytes]
    checkpoint: CheckpointInfo


class ConsistencyProof(msgspec.Struct, frozen=True, kw_only=True):
    """That the tree of `to_size` events begins with the one of `from_size`, by RFC 9162."""

    from_size: int
    to_size: int
    path: Sequence[bytes]


class _Hash(msgspec.Struct, frozen=True):
    level: int
    index: int
    hash: bytes


class _Number(msgspec.Struct, frozen=True):
    value: int


class SealController(Controller):
    path = "/audit"
    tags = ["Audit"]
    opt = {READS: ()}

    @get("/checkpoints", operation_id="ListCheckpoints")
    async def checkpoints(
        self,
        asking: NamedDependency[Asking],
        limit: Limit = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
    ) -> Page[CheckpointInfo]:
        """List the signed checkpoints of the log, the newest first."""
        where = Where()
        if before := SIZES.decode(cursor):
            where.also(Condition("size < %s", before))
        sql = f"{SELECT}{where} ORDER BY size DESC LIMIT %s"
        rows = await asking.database.all(CheckpointInfo, sql, (*where.params, limit + 1))
        return SIZES.page(rows, limit, lambda row: (row.size,), lambda row: row)

    @get("/checkpoints/latest", operation_id="GetLatestCheckpoint")
    async def latest(self, asking: NamedDependency[Asking]) -> CheckpointInfo:
        """Get the newest checkpoint: keep it, and nobody can cut off or replace what it covers."""
        return await _latest(asking.database)

    @get("/proofs/inclusion/{position:int}", operation_id="GetInclusionProof", middleware=RECORDED)
    async def inclusion(
        self,
        request: EdgeRequest[Reader, Any],
        position: FromPath[int],
        asking: NamedDependency[Asking],
    ) -> InclusionProof:
        """Prove that the event at a position is in the log as it was last signed.

        It shows the event, so that this was read is itself recorded.
        """
        database = asking.database
        record = await _record(database, position)
        checkpoint = await database.first(CheckpointInfo, LATEST)
        number = await database.first(_Number, NUMBER, (position,))
        if checkpoint is None or number is None or number.value >= checkpoint.size:
            raise NotSealedYet("That event isn't sealed yet: ask again in a second.")
        path = await _proof(database, inclusion_ranges(number.value, checkpoint.size))
        delivered(request, [position])
        return InclusionProof(
            position=position,
            number=number.value,
            leaf=leaf_data(record),
            leaf_hash=leaf_hash_of(record),
            path=path,
            checkpoint=checkpoint,
        )

    @get("/proofs/consistency", operation_id="GetConsistencyProof")
    async def consistency(
        self, asking: NamedDependency[Asking], from_size: From, to_size: To = None
    ) -> ConsistencyProof:
        """Prove that the log of one checkpoint begins with that of an older one."""
        latest = await _latest(asking.database)
        second = latest.size if to_size is None else to_size
        if second > latest.size:
            raise _out_of_range("to", f"The latest checkpoint has {latest.size} events.")
        if from_size > second:
            raise _out_of_range("from", f"It must not be larger than {second}.")
        path = await _proof(asking.database, consistency_ranges(from_size, second))
        return ConsistencyProof(from_size=from_size, to_size=second, path=path)


@get(
    "/.well-known/seal-keys.json",
    operation_id="GetSealKeys",
    tags=["Discovery"],
    opt={OPEN: True},
    cache_control=MINUTE,
)
async def seal_keys(database: NamedDependency[Database]) -> dict[str, list[dict[str, str]]]:
    """Get the public keys that checkpoints are signed with, as a JSON Web Key Set."""
    return {"keys": [key.jwk() for key in await database.all(PublicKey, PUBLIC_KEYS)]}


async def _record(database: Database, position: int) -> Record:
    if position < 0 or position >= 1 << 63:
        raise NotFound("There is no such event.")
    row = await database.first(Record, f"{RECORDS} WHERE position = %s", (position,))
    return found(row, "event")


async def _latest(database: Database) -> CheckpointInfo:
    return found(await database.first(CheckpointInfo, LATEST), "checkpoint: nothing is sealed")


async def _proof(database: Database, ranges: Sequence[Range]) -> Sequence[bytes]:
    wanted = stored_subtrees(ranges)
    rows = await database.all(_Hash, HASHES, hash_parameters(wanted))
    known: dict[Subtree, bytes] = {(row.level, row.index): row.hash for row in rows}
    try:
        return proof(ranges, known)
    except KeyError:
        says = "Part of the seals is gone from the database: `lms audit verify` says where."
        raise ProblemError(unavailable("seals-incomplete", says)) from None


def _out_of_range(field: str, detail: str) -> ProblemError:
    return ProblemError(invalid(FieldError(field, detail)))
