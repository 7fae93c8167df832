"""Queries on erasures: who was to be erased, why, and what became of it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from domain.erasure import ErasureState
from edge.cursor import DEFAULT_LIMIT, CursorParameter, Limit, Page
from edge.etag import IfNoneMatch, conditional
from read_api.asking import READS, Asking, found
from read_api.condition import Condition, Where
from read_api.listing import Listing

SELECT = (
    "SELECT id, learner_id, legal_basis, state, requested_by, requested_at, decided_by,"
    " decided_at, ground, reason, scrubbed_at, places, version FROM read_models.erasure"
)


class ErasureInfo(msgspec.Struct, frozen=True, kw_only=True):
    """`ground` and `reason` are those of a refusal; `places` what was rewritten at `scrubbed_at`,
    after which no copy in clear is left."""

    id: UUID
    learner_id: UUID
    legal_basis: str
    state: str
    requested_by: UUID | None
    requested_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    ground: str | None
    reason: str | None
    scrubbed_at: datetime | None
    places: list[str] | None
    version: int


ERASURES = Listing(
    "erasures",
    ErasureInfo,
    SELECT,
    order=("requested_at", "id"),
    key=lambda erasure: (erasure.requested_at, erasure.id),
)


class ErasureController(Controller):
    path = "/erasures"
    tags = ["Erasure"]
    opt = {READS: ("erasure",)}

    @get("/", operation_id="ListErasures")
    async def many(
        self,
        asking: NamedDependency[Asking],
        stands_at: Annotated[
            ErasureState | None,
            QueryParameter(name="state", description="Only those in this state."),
        ] = None,
        learner_id: Annotated[
            UUID | None, QueryParameter(description="Only those of this person.")
        ] = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
    ) -> Page[ErasureInfo]:
        """List erasures: asked for, refused, carried out, scrubbed; the newest first."""
        where = Where().given("state = %s", stands_at).given("learner_id = %s", learner_id)
        return await ERASURES.page(asking.database, where, limit, cursor)

    @get("/{erasure_id:uuid}", operation_id="GetErasure")
    async def one(
        self,
        erasure_id: FromPath[UUID],
        asking: NamedDependency[Asking],
        if_none_match: IfNoneMatch = None,
    ) -> Response[ErasureInfo]:
        """Get one erasure."""
        where = Where(Condition("id = %s", (erasure_id,)))
        row = await asking.database.first(ErasureInfo, f"{SELECT}{where}", where.params)
        erasure = found(row, "erasure")
        return conditional(erasure, erasure.version, if_none_match)
