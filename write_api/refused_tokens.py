"""What the read API refused: it has no right to write, so it tells sums of it here."""

import hmac
from collections.abc import Sequence
from typing import Annotated, Final, Literal
from uuid import UUID

from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from access.actor import Actor
from access.permissions import reach
from access.refusals import Refusals, RefusedAct, Why
from commands.refused_access import RecordRefusals
from domain.errors import Forbidden
from domain.roles import Role
from edge.authentication import Verifier
from edge.request import EdgeRequest
from write_api.body import Body
from write_api.threads import Threads

ROW: Final = RecordRefusals.__name__
OUR_OWN: Final = Actor(None, frozenset({Role.SYSTEM}), operations=frozenset({ROW}))
"""One of our own processes, which may tell of refusals and nothing else."""


class Refused(Body, frozen=True):
    """So many refusals: of access tokens that prove nothing, or of what somebody has asked for."""

    act: Literal["access-token", "filter"]
    number: Annotated[int, Meta(ge=1, le=10_000_000)]
    address: Annotated[str, Meta(max_length=64)] | None = None
    learner_id: UUID | None = None


class RefusalSums(Body, frozen=True):
    items: Annotated[Sequence[Refused], Meta(max_length=1_001)]


class OurOwn:
    """A verifier that knows the token of our own processes, too."""

    def __init__(self, verifier: Verifier, token: str) -> None:
        self._verifier = verifier
        self._token = token.encode()

    def verify(self, token: str) -> Actor:
        """Who acts. Raises InvalidToken."""
        return OUR_OWN if self._is_ours(token) else self._verifier.verify(token)

    def knows(self, token: str) -> bool:
        """Whether `verify` answers from memory."""
        return self._is_ours(token) or self._verifier.knows(token)

    def _is_ours(self, token: str) -> bool:
        return hmac.compare_digest(token.encode(errors="replace"), self._token)


@post("/refusals", operation_id="CountRefusals", status_code=204, tags=["Audit"])
async def count_refusals(
    request: EdgeRequest[Actor, object],
    data: JSONBody[RefusalSums],
    refusals: NamedDependency[Refusals],
    threads: NamedDependency[Threads],
) -> None:
    """Count what another of our processes has refused."""
    if not reach(request.user, ROW):
        raise Forbidden("Your roles don't allow this.")
    for each in data.items:
        await threads.run(_count, refusals, each)


def _count(refusals: Refusals, each: Refused) -> None:
    of_token = each.act == "access-token"
    refusals.count(
        RefusedAct(each.act),
        Why.INVALID_TOKEN if of_token else Why.UNREADABLE,
        learner_id=None if of_token else each.learner_id,
        address=each.address,
        number=each.number,
    )


def count_tokens(refusals: Refusals, address: str | None, number: int = 1) -> None:
    """Counts access tokens that prove nothing."""
    act, why = RefusedAct.ACCESS_TOKEN, Why.INVALID_TOKEN
    refusals.count(act, why, address=address, number=number)
