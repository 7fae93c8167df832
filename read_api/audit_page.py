"""Pages of the log that lead on in both directions, over the log as it was at the first of them."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import msgspec
from litestar.params import QueryParameter

from edge.cursor import Keyset
from read_api.audit_search import Question, Stretch
from read_api.history import AuditEntry


class Order(StrEnum):
    NEWEST = "newest"
    OLDEST = "oldest"


class Way(StrEnum):
    NEXT = "n"
    PREVIOUS = "p"


KEYSETS = {order: Keyset(f"events, {order} first", tuple[Way, int, int]) for order in Order}

CursorParameter = Annotated[
    str | None,
    QueryParameter(
        name="cursor",
        description="`next_cursor` or `previous_cursor` of another page with the same filters.",
    ),
]


class AuditEventPage(msgspec.Struct, frozen=True):
    """One page of events. `next_cursor` is null on the last, `previous_cursor` on the first.

    A page may hold fewer events than were asked for, even none: the last is the one without
    `next_cursor`. All pages show the log as it was when the first was asked for.
    """

    items: Sequence[AuditEntry]
    next_cursor: str | None = None
    previous_cursor: str | None = None


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a page begins: beyond `start` (a position, exclusive; None: at the very beginning), in
    the order or against it. No event above `end` is shown."""

    order: Order
    way: Way
    start: int | None
    end: int

    @classmethod
    def of(cls, cursor: str | None, order: Order, end: int) -> "Place":
        """The place that a cursor leads to; without one, the first page of the log up to `end`.

        Raises ProblemError (422) for what isn't a cursor of this order.
        """
        key = KEYSETS[order].decode(cursor)
        if key is None:
            return cls(order=order, way=Way.NEXT, start=None, end=end)
        way, start, bound = key
        return cls(order=order, way=way, start=start, end=min(bound, end))

    @property
    def descending(self) -> bool:
        """Whether the page is gathered from higher positions to lower ones."""
        return (self.order is Order.NEWEST) is (self.way is Way.NEXT)

    def within(self, question: Question) -> Question:
        """What is asked for beyond this place."""
        above, below = question.above, min(question.below, self.end + 1)
        if self.start is not None and self.descending:
            below = min(below, self.start)
        elif self.start is not None:
            above = max(above, self.start)
        return msgspec.structs.replace(question, above=above, below=below)

    def shown(self, stretch: Stretch, limit: int) -> Sequence[int]:
        """The positions of the page, in its order. They were asked for with one more than that."""
        positions = stretch.positions[:limit]
        return positions if self.way is Way.NEXT else positions[::-1]

    def cursors(self, stretch: Stretch, limit: int) -> tuple[str | None, str | None]:
        """Of the next page and of the previous one."""
        further, back = self._further(stretch, limit), self._back(stretch)
        other = Way.PREVIOUS if self.way is Way.NEXT else Way.NEXT
        onward = None if further is None else self._cursor(self.way, further)
        backward = None if back is None else self._cursor(other, back)
        return (onward, backward) if self.way is Way.NEXT else (backward, onward)

    def _further(self, stretch: Stretch, limit: int) -> int | None:
        """Where to go on the same way."""
        if len(stretch.positions) > limit:
            return stretch.positions[limit - 1]
        return stretch.reached

    def _back(self, stretch: Stretch) -> int | None:
        """Where to turn round, to see again what came before this page."""
        if self.start is None:
            return None
        if stretch.positions:
            return stretch.positions[0]
        return self.start + (-1 if self.descending else 1)

    def _cursor(self, way: Way, start: int) -> str:
        return KEYSETS[self.order].encode((way, start, self.end))
