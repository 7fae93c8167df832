"""What programs need to know of this system, open to all: keys, and the events it publishes."""

import asyncio
from collections.abc import Callable
from typing import Any

from litestar import MediaType, Response, get
from litestar.datastructures import CacheControlHeader
from litestar.di import NamedDependency

from access.keys import VerificationKeys
from edge.authentication import OPEN

EventCatalogue = Callable[[], bytes]
"""Makes the AsyncAPI document, as JSON."""
MINUTE = CacheControlHeader(public=True, max_age=60)


@get(
    "/.well-known/jwks.json",
    operation_id="GetSigningKeys",
    tags=["Discovery"],
    opt={OPEN: True},
    cache_control=MINUTE,
)
async def jwks(keys: NamedDependency[VerificationKeys]) -> dict[str, list[dict[str, str]]]:
    """Get the public keys that access tokens are signed with, as a JSON Web Key Set."""
    return await asyncio.to_thread(keys.jwks)


@get(
    "/asyncapi.json",
    operation_id="GetEventCatalogue",
    tags=["Discovery"],
    opt={OPEN: True},
    cache_control=MINUTE,
)
async def asyncapi(event_catalogue: NamedDependency[EventCatalogue]) -> Response[Any]:
    """Get every event that is published, with its JSON Schema, as an AsyncAPI document."""
    return Response(await asyncio.to_thread(event_catalogue), media_type=MediaType.JSON)
