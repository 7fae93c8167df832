"""Finding events of the log by what is known of them, however many there are.

The audit index holds runs: all events of one type that bear on one id in one way, in the order of
the log. A page is merged from the ends of the runs that are asked for, so it takes as many steps as
it has events. Where several ids must come together, the one with the fewest events leads, and the
others are looked up for each of its events: for at most `WALK` of these in one go. A page may then
hold fewer events than there are, or none, and its cursor goes on from there.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from event_store.bearing import Bearing
from read_api.database import Database

WALK = 2_000
"""Events of the leading id that one page looks at, at most, to find those the others bear on."""
NOBODY = UUID(int=0)
LOWEST, HIGHEST = -1, 2**63 - 1

VERSION = r"\.v\d+$"
END = "SELECT position FROM projections.position WHERE name = 'audit' AND state = 'live'"
"""SQL: everything up to this position is in the index."""

TYPES = f"""
SELECT id FROM read_models.audit_type
WHERE (%(types)s::text[] IS NULL OR name = ANY(%(types)s)
       OR regexp_replace(name, '{VERSION}', '') = ANY(%(types)s))
  AND (%(kinds)s::text[] IS NULL OR kind = ANY(%(kinds)s))"""
"""SQL: the types of events that are asked for; there are a hundred or so."""


class Bears(NamedTuple):
    """An id, and the ways in which an event may bear on it: one of them is enough."""

    id: UUID
    bearings: tuple[Bearing, ...]


EVERYTHING = Bears(NOBODY, (Bearing.ANY,))


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What all events that are asked for have in common.

    `types` are names with or without their version; `kinds` of streams. `above` and `below` bound
    positions, both exclusive.
    """

    bears: tuple[Bears, ...] = ()
    types: tuple[str, ...] | None = None
    kinds: tuple[str, ...] | None = None
    above: int = LOWEST
    below: int = HIGHEST


class Stretch(msgspec.Struct, frozen=True):
    """Positions that were found, in the order that was asked for.

    `reached` is the position up to which everything was looked at; None: to the end.
    """

    positions: Sequence[int]
    reached: int | None


class _Position(msgspec.Struct, frozen=True):
    position: int


class _Count(msgspec.Struct, frozen=True):
    count: int


class _Walked(msgspec.Struct, frozen=True):
    walked: int
    reached: int | None
    positions: list[int]


async def find(database: Database, question: Question, *, descending: bool, limit: int) -> Stretch:
    """The first `limit` positions of the events asked for, from the newest or from the oldest."""
    if question.above >= question.below - 1:
        return Stretch((), None)
    if len(question.bears) < 2:
        (leader,) = question.bears or (EVERYTHING,)
        sql, params = merged(question, leader, descending=descending, limit=limit)
        rows = await database.all(_Position, sql, params)
        return Stretch([row.position for row in rows], None)
    counts = [await _count(database, question, each) for each in question.bears]
    fewest = min(range(len(counts)), key=counts.__getitem__)
    if counts[fewest] == 0:
        return Stretch((), None)
    sql, params = walk(question, fewest, descending=descending, limit=limit)
    row = await database.first(_Walked, sql, params)
    assert row is not None
    everything = row.walked < WALK or len(row.positions) == limit
    return Stretch(row.positions, None if everything else row.reached)


async def end_of_index(database: Database) -> int:
    """The position up to which the index holds every event; 0 before there is any."""
    row = await database.first(_Position, END)
    return row.position if row else 0


async def _count(database: Database, question: Question, bears: Bears) -> int:
    sql, params = counted(question, bears)
    row = await database.first(_Count, sql, params)
    assert row is not None
    return row.count


def merged(
    question: Question, bears: Bears, *, descending: bool, limit: int
) -> tuple[str, dict[str, Any]]:
    """The ends of the runs of one id, merged."""
    sql = (
        f"SELECT run.position FROM {_runs(descending=descending)}"
        f" ORDER BY run.position {_order(descending)} LIMIT %(limit)s"
    )
    return sql, _params(question, bears, limit)


def counted(question: Question, bears: Bears) -> tuple[str, dict[str, Any]]:
    """How many events the runs of one id hold, up to `WALK`."""
    sql = f"SELECT count(*) FROM (SELECT FROM {_runs(descending=True)} LIMIT %(limit)s) AS counted"
    return sql, _params(question, bears, WALK)


def walk(
    question: Question, leader: int, *, descending: bool, limit: int
) -> tuple[str, dict[str, Any]]:
    """`WALK` events of one id, and those of them that all other ids bear on too.

    LIMIT in the look-ups keeps them look-ups: as a join they could be planned to read all that
    there is of another id.
    """
    others = [bears for index, bears in enumerate(question.bears) if index != leader]
    order = _order(descending)
    reached = "min" if descending else "max"
    looked_up = "".join(_look_up(number) for number in range(len(others)))
    sql = f"""
WITH walked AS MATERIALIZED (
    SELECT run.position, kind.id AS type FROM {_runs(descending=descending)}
    ORDER BY run.position {order} LIMIT %(limit)s)
SELECT (SELECT count(*) FROM walked) AS walked,
    (SELECT {reached}(position) FROM walked) AS reached,
    ARRAY(SELECT walked.position FROM walked{looked_up}
          ORDER BY walked.position {order} LIMIT %(wanted)s) AS positions"""
    params = _params(question, question.bears[leader], WALK) | {"wanted": limit}
    for number, bears in enumerate(others):
        params |= {f"id_{number}": bears.id, f"bearings_{number}": _numbers(bears)}
    return sql, params


def _runs(*, descending: bool) -> str:
    return f"""({TYPES}) AS kind
CROSS JOIN unnest(%(bearings)s::smallint[]) AS way (bearing)
CROSS JOIN LATERAL (
    SELECT position FROM read_models.audit_entry AS entry
    WHERE entry.id = %(id)s AND entry.bearing = way.bearing AND entry.type = kind.id
      AND entry.position > %(above)s AND entry.position < %(below)s
    ORDER BY position {_order(descending)} LIMIT %(limit)s) AS run"""


def _look_up(number: int) -> str:
    return f"""
    CROSS JOIN LATERAL (
        SELECT FROM read_models.audit_entry AS entry
        WHERE entry.id = %(id_{number})s AND entry.bearing = ANY(%(bearings_{number})s::smallint[])
          AND entry.type = walked.type AND entry.position = walked.position
        LIMIT 1) AS other_{number}"""


def _order(descending: bool) -> str:
    return "DESC" if descending else "ASC"


def _params(question: Question, bears: Bears, limit: int) -> dict[str, Any]:
    return {
        "id": bears.id,
        "bearings": _numbers(bears),
        "types": None if question.types is None else [*question.types],
        "kinds": None if question.kinds is None else [*question.kinds],
        "above": question.above,
        "below": question.below,
        "limit": limit,
    }


def _numbers(bears: Bears) -> list[int]:
    return [bearing.value for bearing in bears.bearings]


def statements(question: Question, limit: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Everything that may be asked of the index for a question, to look at its plans."""
    for descending in (True, False):
        if len(question.bears) < 2:
            (bears,) = question.bears or (EVERYTHING,)
            yield merged(question, bears, descending=descending, limit=limit)
            continue
        for leader, bears in enumerate(question.bears):
            yield counted(question, bears)
            yield walk(question, leader, descending=descending, limit=limit)
