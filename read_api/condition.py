"""Conditions of a query: SQL with its parameters, put together from what is asked for.

What isn't asked for leaves no trace in the SQL, so that each shape of a query gets its own plan.
"""

from collections.abc import Iterable
from typing import NamedTuple, Self


class Condition(NamedTuple):
    """A boolean SQL expression with `%s` placeholders, and what to put in them."""

    sql: str
    params: tuple[object, ...] = ()


TRUE = Condition("true")
FALSE = Condition("false")


def any_of(conditions: Iterable[Condition]) -> Condition:
    """True where one of them is; of none, nowhere."""
    found = list(conditions)
    if TRUE in found:
        return TRUE
    if len(found) == 1:
        return found[0]
    sql = " OR ".join(condition.sql for condition in found)
    return Condition(f"({sql})" if sql else "false", _params(found))


class Where:
    """All that must hold: `f"SELECT … {where}"` with `where.params`."""

    def __init__(self, *conditions: Condition) -> None:
        self._conditions = [condition for condition in conditions if condition != TRUE]

    def also(self, condition: Condition) -> Self:
        """Asks for one condition more."""
        if condition != TRUE:
            self._conditions.append(condition)
        return self

    def copy(self) -> "Where":
        """The same, to be asked for more."""
        return Where(*self._conditions)

    def given(self, sql: str, value: object) -> Self:
        """Asks for `sql`, which has one placeholder, unless the value is None: not asked for."""
        return self if value is None else self.also(Condition(sql, (value,)))

    @property
    def params(self) -> tuple[object, ...]:
        return _params(self._conditions)

    def __str__(self) -> str:
        if not self._conditions:
            return ""
        return " WHERE " + " AND ".join(condition.sql for condition in self._conditions)


def _params(conditions: Iterable[Condition]) -> tuple[object, ...]:
    return tuple(param for condition in conditions for param in condition.params)
