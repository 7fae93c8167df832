"""Lists in pages, by keyset: the newest first."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

from edge.cursor import Keyset, Page
from read_api.condition import Condition, Where
from read_api.database import Database

Item = TypeVar("Item")
Key = tuple[datetime, UUID]


class Listing(Generic[Item]):
    """A list of `item`s in the order of an instant and an id.

    `select` is SQL up to where conditions follow, `order` the two columns, `key` reads both from an
    item. The table needs an index that ends with those two columns.
    """

    def __init__(
        self,
        name: str,
        item: type[Item],
        select: str,
        *,
        order: tuple[str, str],
        key: Callable[[Item], Key],
    ) -> None:
        self._item = item
        self._select = select
        self._instant, self._id = order
        self._key = key
        self._keyset = Keyset(name, tuple[datetime, UUID])

    async def page(
        self,
        database: Database,
        where: Where,
        limit: int,
        cursor: str | None,
        *,
        select: Sequence[object] = (),
    ) -> Page[Item]:
        """One page of what `where` lets through; `select` are the parameters of the select.

        Raises ProblemError (422) for a cursor that isn't one of this list.
        """
        sql, params = self.query(where, limit, self._keyset.decode(cursor))
        rows = await database.all(self._item, sql, (*select, *params))
        return self._keyset.page(rows, limit, self._key, lambda row: row)

    def query(self, where: Where, limit: int, after: Key | None) -> tuple[str, tuple[object, ...]]:
        """The SQL of a page that follows the item with the key `after`."""
        if after is not None:
            where.also(Condition(f"({self._instant}, {self._id}) < (%s, %s)", after))
        order = f"ORDER BY {self._instant} DESC, {self._id} DESC LIMIT %s"
        return f"{self._select}{where} {order}", (*where.params, limit + 1)
