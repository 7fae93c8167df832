"""Finds out which edited, deleted and inserted events are ones that only changed their places."""

from typing import Any

from psycopg import Connection

from event_store.seals.leaf import COLUMNS, copied, moved_hash_of, position_of
from event_store.seals.verdict import Kind, Problem

MOST = 200
"""Of so many events at most it is tried where they stood: each with each."""


def explained(connection: Connection[Any], problems: list[Problem]) -> list[Problem]:
    """The same problems, those of events that stand where another was sealed told as such."""
    alone = [problem for problem in problems if problem.last_number is None]
    now = [each for each in alone if each.kind in (Kind.EDITED, Kind.INSERTED)][:MOST]
    then = [each for each in alone if each.kind in (Kind.EDITED, Kind.DELETED)][:MOST]
    if not now or not then:
        return problems
    sealed = _sealed(connection, then)
    moved = {
        int.from_bytes(position_of(row)): source
        for row in _rows(connection, now)
        if (source := _source(row, sealed)) is not None
    }
    return _told(problems, moved)


def _sealed(connection: Connection[Any], then: list[Problem]) -> dict[int, bytes]:
    """The leaf hashes of these, by position."""
    numbers = [problem.number for problem in then]
    rows = connection.execute(
        "SELECT position, hash FROM unnest(%s::bigint[]) AS number, seals.leaf(number)", (numbers,)
    )
    return dict(rows.fetchall())


def _rows(connection: Connection[Any], now: list[Problem]) -> list[bytes]:
    positions = ", ".join(str(problem.position) for problem in now)
    query = f"SELECT {COLUMNS} FROM event_store.events WHERE position IN ({positions})"
    return [*copied(connection, query)]


def _source(row: bytes, sealed: dict[int, bytes]) -> int | None:
    """The position at which this very event was sealed."""
    for position, hash in sealed.items():
        if moved_hash_of(row, position.to_bytes(8)) == hash:
            return position
    return None


def _told(problems: list[Problem], moved: dict[int, int]) -> list[Problem]:
    sources = {source: position for position, source in moved.items()}
    told: list[Problem | None] = []
    for problem in problems:
        position = problem.position
        source = None if position is None else moved.get(position)
        if position is not None and source is not None:
            told.append(_from(problem, position, source, moved))
        elif problem.kind is Kind.DELETED and position in sources:
            continue  # told where it stands now
        else:
            told.append(problem)
    return [problem for problem in told if problem is not None]


def _from(problem: Problem, position: int, source: int, moved: dict[int, int]) -> Problem | None:
    if moved.get(source) != position:
        says = f"here stands the event that was sealed at position {source}"
        return Problem(Kind.MOVED, says, number=problem.number, position=position)
    if source < position:
        return None  # told where the other one stands
    says = f"the events of the positions {position} and {source} have changed places"
    return Problem(Kind.SWAPPED, says, number=problem.number, position=position)
