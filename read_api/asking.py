"""What every query starts from: who asks, whether their roles allow it, and the read models."""

from collections.abc import Iterable
from typing import Any, TypeVar
from uuid import UUID

from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from msgspec import structs

from access.actor import Actor
from access.permissions import Scope
from domain.errors import NotFound
from edge.position import MinPosition, PositionWaiter
from edge.position import min_position as read_position
from edge.request import EdgeRequest
from read_api.condition import Where
from read_api.database import Database
from read_api.scope import HAS_MANY, READ_BY, Reach, reach_of, required_reach

T = TypeVar("T")

READS = "reads"
"""Handler option: `opt={"reads": ("course",)}` names the projections that a query reads."""


class Asking:
    """One request for what somebody may see.

    `reach` is how far they may see with this query. What it doesn't reach isn't there for them.
    """

    def __init__(self, actor: Actor, reach: Reach, database: Database) -> None:
        self._actor = actor
        self.reach = reach
        self.database = database

    @property
    def me(self) -> UUID:
        """The one who asks."""
        return self.reach.actor_id

    def reach_for(self, name: str) -> Reach:
        """How far they may see a part of the answer, a `See…` row of the permission table."""
        reach = reach_of(self._actor, name)
        return structs.replace(reach, many_reports=self.reach.many_reports)

    def where(self, *, learner: str | None = None, course: str | None = None) -> Where:
        """The rows that this query reaches, by the columns of their learner and their course."""
        return Where(self.reach.rows(learner=learner, course=course))


def provide_asking(database: Database, waiter: PositionWaiter) -> Provide:
    """The dependency `asking` of query handlers: authorizes, then waits for `Lms-Min-Position`.

    The permission is the row of the handler's operation id.
    """

    async def asking(request: EdgeRequest[Actor, Any], min_position: MinPosition = None) -> Asking:
        handler = request.route_handler
        reach = required_reach(request.user, operation_of(handler))
        await waiter.wait(_projections(handler, reach), read_position(min_position))
        if Scope.REPORTS in reach.scopes and not reach.is_unlimited:
            many = await database.exists(HAS_MANY, (reach.actor_id,))
            reach = structs.replace(reach, many_reports=many)
        return Asking(request.user, reach, database)

    return Provide(asking)


def operation_of(handler: Any) -> str:
    """The operation id of a handler, which is always given as a text here."""
    assert isinstance(handler, HTTPRouteHandler)
    assert isinstance(handler.operation_id, str)
    return handler.operation_id


def found(row: T | None, what: str) -> T:
    """The row. Raises `NotFound` when there is none, or none for the one who asks."""
    if row is None:
        raise NotFound(f"There is no such {what}.")
    return row


def _projections(handler: Any, reach: Reach) -> frozenset[str]:
    declared: Iterable[str] = handler.opt[READS]
    return frozenset(declared).union(*(READ_BY.get(scope, ()) for scope in reach.scopes))
