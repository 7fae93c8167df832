"""Tables that keep every state there ever was: each row says from when until when it held.

A row holds in the positions from `from_position` up to, without, `to_position`, and in the instants
of recording from `from_at` up to, without, `to_at`. The state that holds now has no end: `OPEN` and
infinity. What happens to it closes its row and opens the next.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from event_store.record import Record
from projections.projection import Statement

OPEN: Final = 2**63 - 1
"""`to_position` of what holds now."""


class Sql(NamedTuple):
    """A new value that follows from the row before."""

    text: str
    params: tuple[object, ...] = ()


class Temporal:
    """A table of states, by the names and the types of its columns besides the four of time.

    Instants never run backwards in one row's history, even if a clock does: a state can end at the
    instant in which it began, and holds in none then, but still in its positions.
    """

    def __init__(self, table: str, columns: Mapping[str, str]) -> None:
        self._table = table
        self._columns = columns
        names = ", ".join(columns)
        self._insert = f"INSERT INTO {table} ({names}, from_position, from_at)"

    def begin(self, record: Record, values: Mapping[str, object], *, key: str) -> Statement:
        """Says all of a state; the row of the same `key` that held until now, if any, ends."""
        said = dict.fromkeys(self._columns) | dict(values)
        new = self._expressions(said)
        return Statement(
            f"WITH old AS ({self._close(f'{key} = %s')} RETURNING to_at) {self._insert}"
            f" SELECT {new.text}, %s, greatest(%s::timestamptz, (SELECT to_at FROM old))",
            (
                *(record.position, record.recorded_at, values[key]),
                *(*new.params, record.position, record.recorded_at),
            ),
        )

    def change(
        self,
        record: Record,
        changes: Mapping[str, object],
        *,
        where: str,
        params: tuple[object, ...],
    ) -> Statement:
        """Changes some columns of the rows that hold now and for which `where` is true."""
        new = self._expressions(changes)
        return Statement(
            f"WITH old AS ({self._close(where)} RETURNING *) {self._insert}"
            f" SELECT {new.text}, to_position, to_at FROM old",
            (record.position, record.recorded_at, *params, *new.params),
        )

    def end(self, record: Record, *, where: str, params: tuple[object, ...]) -> Statement:
        """Nothing follows on the rows that hold now and for which `where` is true."""
        return Statement(self._close(where), (record.position, record.recorded_at, *params))

    def _expressions(self, changes: Mapping[str, object]) -> Sql:
        """What a new row consists of; what isn't changed is as it was."""
        each = [_expression(name, type, changes) for name, type in self._columns.items()]
        params = tuple(param for expression in each for param in expression.params)
        return Sql(", ".join(expression.text for expression in each), params)

    def _close(self, where: str) -> str:
        return (
            f"UPDATE {self._table} SET to_position = %s, to_at = greatest(from_at, %s)"
            f" WHERE {where} AND to_position = {OPEN}"
        )


def _expression(name: str, type: str, changes: Mapping[str, object]) -> Sql:
    if name not in changes:
        return Sql(name)
    value = changes[name]
    return value if isinstance(value, Sql) else Sql(f"%s::{type}", (value,))
