"""Commands that erase people."""

from uuid import UUID

from litestar import Controller, Response, post
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody

from commands.context import Recorded
from commands.erasure import ApproveErasure, EraseLearner, RefuseErasure
from domain.erasure import Ground, LegalBasis
from write_api.body import Body, command_of
from write_api.sender import Answer, Sender, headers_of

ONLY_REQUESTED = 1
"""The version of a wish that nobody has decided about."""


class Wish(Body, frozen=True):
    """`legal_basis` is the point of article 17(1) of the GDPR that applies.

    `only_requested`: somebody is to decide later, even where no second person is needed.
    """

    legal_basis: LegalBasis
    only_requested: bool = False


class Refusal(Body, frozen=True):
    """`ground` is the point of article 17(3) of the GDPR that applies."""

    ground: Ground
    reason: str


class ErasureController(Controller):
    path = "/"
    tags = ["Erasure"]

    @post(
        "/users/{learner_id:uuid}/erase",
        operation_id="EraseLearner",
        status_code=200,
        responses={202: ResponseSpec(Recorded, description="Asked for: another person decides")},
    )
    async def erase(
        self, learner_id: FromPath[UUID], data: JSONBody[Wish], sender: NamedDependency[Sender]
    ) -> Answer:
        """Erase a person, for ever. Where two persons are needed this asks for it only (202);
        the `id` answered is the erasure's."""
        recorded = await sender.record(command_of(EraseLearner, data, learner_id=learner_id))
        status = 202 if recorded.version == ONLY_REQUESTED else 200
        return Response(recorded, status_code=status, headers=headers_of(recorded))

    @post("/erasures/{erasure_id:uuid}/approve", operation_id="ApproveErasure", status_code=200)
    async def approve(self, erasure_id: FromPath[UUID], sender: NamedDependency[Sender]) -> Answer:
        """Carry out an erasure that another person has asked for."""
        return await sender.change(ApproveErasure(erasure_id=erasure_id))

    @post("/erasures/{erasure_id:uuid}/refuse", operation_id="RefuseErasure", status_code=200)
    async def refuse(
        self, erasure_id: FromPath[UUID], data: JSONBody[Refusal], sender: NamedDependency[Sender]
    ) -> Answer:
        """Refuse an erasure, on one of the grounds that the law knows."""
        return await sender.change(command_of(RefuseErasure, data, erasure_id=erasure_id))
