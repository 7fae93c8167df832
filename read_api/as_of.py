"""A moment of the past that a question is asked as of, and which rows held then."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from litestar.params import QueryParameter

from edge.faults import invalid
from edge.position import MAX_POSITION, PositionWaiter
from edge.problem import FieldError, ProblemError, unavailable
from event_store.recorder import SETTLED
from read_api.condition import Condition
from read_api.database import Database

AsOf = Annotated[
    datetime | None,
    QueryParameter(
        name="as_of",
        description=(
            "What the record said at this instant (RFC 3339, with a time zone), which must not lie"
            " in the future; without it, and without `position`, now."
        ),
    ),
]
Position = Annotated[
    int | None,
    QueryParameter(
        name="position",
        ge=1,
        le=MAX_POSITION,
        description="What the record said after the event at this position, and when it came.",
    ),
]

BEHIND = """
SELECT FROM projections.position AS live WHERE name = %s AND state = 'live' AND EXISTS (
    SELECT FROM event_store.events
    WHERE events.position > live.position AND recorded_at <= %s)"""
"""SQL: a row when a projection has yet to apply what was recorded by an instant."""

IS_REACHED = f"SELECT WHERE %s < {SETTLED}"
"""SQL: a row when the log has come to a position."""

RECORDED_AT = """
SELECT recorded_at FROM event_store.events WHERE position <= %s ORDER BY position DESC LIMIT 1"""


class Moment(msgspec.Struct, frozen=True):
    """An instant and, if it was asked for so, the position it stands for.

    Due dates and expiry are judged at the instant. Rows are chosen by the position if there is one,
    and otherwise by when their events were recorded.
    """

    at: datetime
    position: int | None = None

    def holds(self, row: str) -> Condition:
        """The condition on a row of a temporal table, by the name it has in the query."""
        if self.position is not None:
            sql = f"{row}.from_position <= %s AND {row}.to_position > %s"
            return Condition(sql, (self.position, self.position))
        sql = f"{row}.from_at <= %s AND {row}.to_at > %s"
        return Condition(sql, (self.at, self.at))


class _At(msgspec.Struct, frozen=True):
    recorded_at: datetime


class AsOfReader:
    """Finds moments, for tables that one projection fills."""

    def __init__(self, projection: str, database: Database, waiter: PositionWaiter) -> None:
        self._projection = projection
        self._database = database
        self._waiter = waiter

    async def moment(
        self, as_of: datetime | None, position: int | None, *, field: str = "as_of"
    ) -> Moment:
        """The moment that a query names; now without either.

        Raises ProblemError: 422 for both at once, an instant without a time zone or to come, or a
        position before the first; 503 when the projection hasn't come that far yet.
        """
        if position is not None:
            if as_of is not None:
                raise _refused("position", f"Give {field} or position, not both.")
            return await self._at_position(position)
        return Moment(datetime.now(UTC)) if as_of is None else await self._at(as_of, field)

    async def _at(self, instant: datetime, field: str) -> Moment:
        if instant.tzinfo is None:
            raise _refused(field, "It needs a time zone, such as 2026-03-31T23:59:59Z.")
        if instant > datetime.now(UTC):
            raise _refused(field, "It lies in the future, of which there is no record.")
        if await self._database.exists(BEHIND, (self._projection, instant)):
            detail = "The answer doesn't include all that was recorded by then yet."
            raise ProblemError(unavailable("not-caught-up", detail))
        return Moment(instant.astimezone(UTC))

    async def _at_position(self, position: int) -> Moment:
        if not await self._database.exists(IS_REACHED, (position,)):
            raise _refused("position", "It lies in the future, of which there is no record.")
        await self._waiter.wait((self._projection,), position)
        row = await self._database.first(_At, RECORDED_AT, (position,))
        if row is None:
            raise _refused("position", "The record begins after this position.")
        return Moment(row.recorded_at, position)


def _refused(field: str, detail: str) -> ProblemError:
    return ProblemError(invalid(FieldError(field, detail)))
