"""The keys that sign access tokens."""

from typing import Annotated, Any

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter

from access.actor import Actor
from commands.context import Recorded
from commands.key_rotation import KeyRotation
from edge.request import EdgeRequest
from write_api.body import Body
from write_api.sender import Answer, context_of, headers_of
from write_api.threads import Threads


class RotationReason(Body, frozen=True):
    reason: str | None = None


class KeyInPlace(Recorded, frozen=True, kw_only=True):
    """`kid` is the id of the key that signs from now on."""

    kid: str


@post(
    "/signing-keys/rotate", operation_id="RotateSigningKeys", status_code=200, tags=["Signing keys"]
)
async def rotate_signing_keys(
    request: EdgeRequest[Actor, Any],
    data: JSONBody[RotationReason],
    rotation: NamedDependency[KeyRotation],
    threads: NamedDependency[Threads],
) -> Response[KeyInPlace]:
    """Sign with a new key from now on. Nobody is logged out: tokens stay good until they expire."""
    rotated = await threads.run(rotation.rotate, data.reason, context_of(request.user))
    recorded = rotated.recorded
    body = KeyInPlace(recorded.id, recorded.version, recorded.position, kid=rotated.kid)
    return Response(body, headers=headers_of(recorded))


@post(
    "/signing-keys/{kid:str}/revoke",
    operation_id="RevokeSigningKey",
    status_code=200,
    tags=["Signing keys"],
)
async def revoke_signing_key(
    request: EdgeRequest[Actor, Any],
    kid: Annotated[str, PathParameter(max_length=64)],
    data: JSONBody[RotationReason],
    rotation: NamedDependency[KeyRotation],
    threads: NamedDependency[Threads],
) -> Answer:
    """Refuse everything signed with a key that somebody else may have, in two seconds everywhere.

    A key that signs is replaced first. Who has a token of it goes on with their refresh token.
    """
    recorded = await threads.run(rotation.revoke, kid, data.reason, context_of(request.user))
    return Response(recorded, headers=headers_of(recorded))
