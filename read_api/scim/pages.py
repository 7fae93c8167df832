"""Pages of users or groups: by number or by cursor, in any order."""

from collections.abc import Sequence
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

import msgspec
from scim2_models import InvalidCursorException, InvalidValueException, Resource, SearchRequest

from read_api.condition import Condition, Where
from read_api.database import Database
from read_api.scim.attributes import Column, Kind, Layout

Row = TypeVar("Row")

_TYPES: Final = {
    Kind.FOLDED: "text",
    Kind.EXACT: "text",
    Kind.ID: "uuid",
    Kind.SWITCH: "boolean",
    Kind.INSTANT: "timestamptz",
}
_BLANKS: Final = {
    Kind.FOLDED: "''",
    Kind.EXACT: "''",
    Kind.ID: "'00000000-0000-0000-0000-000000000000'::uuid",
    Kind.SWITCH: "false",
    Kind.INSTANT: "'-infinity'::timestamptz",
}


class Order(msgspec.Struct, frozen=True):
    """By a column, if any, and then by the id; the absent come last, first when descending."""

    column: Column | None
    descending: bool

    def sql(self, *, backwards: bool = False) -> str:
        """What follows ORDER BY."""
        word = "DESC" if self.descending is not backwards else "ASC"
        return ", ".join(f"{key} {word}" for key in self._keys)

    @property
    def key(self) -> str:
        """SQL: the value that a row is ordered by, as text; null when there is none."""
        return f"({self.column.sql})::text" if self.column else "NULL"

    def beyond(self, position: Any) -> Condition:
        """The rows after, or before, the one that a cursor's position names."""
        try:
            value, id = position["k"], UUID(position["i"])
            after = {"next": True, "previous": False}[position["d"]]
        except (KeyError, TypeError, ValueError):
            raise InvalidCursorException from None
        sign = ">" if after is not self.descending else "<"
        if self.column is None:
            return Condition(f"item.id {sign} %s", (id,))
        given = f"%s::{_TYPES[self.column.kind]}"
        if self.column.required:
            return Condition(f"({self.column.sql}, item.id) {sign} ({given}, %s)", (value, id))
        blank = _BLANKS[self.column.kind]
        return Condition(
            f"({self.column.sql} IS NULL, coalesce({self.column.sql}, {blank}), item.id)"
            f" {sign} (%s, coalesce({given}, {blank}), %s)",
            (value is None, value, id),
        )

    @property
    def _keys(self) -> Sequence[str]:
        if self.column is None:
            return ("item.id",)
        if self.column.required:
            return (self.column.sql, "item.id")
        return (f"({self.column.sql} IS NULL)", self.column.sql, "item.id")


def order_of(request: SearchRequest[Any], model: type[Resource[Any]], layout: Layout) -> Order:
    """The order that is asked for. Raises `InvalidValueException` for one that there can't be."""
    descending = request.sort_order == SearchRequest.SortOrder.descending
    if request.sort_by is None:
        return Order(None, descending=False)
    binding = request.sort_binding(model)
    column = layout.columns.get(binding.urn) if binding else None
    if column is None:
        raise InvalidValueException(detail=f"Nothing can be sorted by {request.sort_by}.")
    return Order(column, descending)


class Finding(msgspec.Struct, Generic[Row], frozen=True):
    """What is looked for; `select` is SQL from SELECT to FROM, with a place for the order's key."""

    layout: Layout
    select: str
    shape: type[Row]
    where: Where
    order: Order

    async def count(self, database: Database) -> int:
        """How many there are."""
        sql = f"SELECT count(*) AS count FROM {self.layout.table} AS item{self.where}"
        counted = await database.first(_Count, sql, self.where.params)
        assert counted is not None
        return counted.count

    async def numbered(self, database: Database, start: int, limit: int | None) -> list[Row]:
        """Those from number `start`, counted from 0."""
        return await self._rows(database, self.where, self.order.sql(), (limit, start))

    async def beyond(
        self, database: Database, position: Any, limit: int, *, backwards: bool
    ) -> list[Row]:
        """Those nearest to a cursor's position, on the side it names; the first ones for None."""
        where = self.where.copy()
        if position is not None:
            where.also(self.order.beyond(position))
        order = self.order.sql(backwards=backwards)
        return await self._rows(database, where, order, (limit, 0))

    async def _rows(
        self, database: Database, where: Where, order: str, window: tuple[int | None, int]
    ) -> list[Row]:
        # The window is cut out of an index; only then are whole rows looked at.
        page = (
            f"SELECT item.id FROM {self.layout.table} AS item{where}"
            f" ORDER BY {order} LIMIT %s OFFSET %s"
        )
        sql = (
            f"{self.select.format(key=self.order.key)} JOIN ({page}) AS page ON page.id = item.id"
            f" ORDER BY {order}"
        )
        return await database.all(self.shape, sql, (*where.params, *window))


class _Count(msgspec.Struct):
    count: int
