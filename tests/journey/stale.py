"""A token of somebody who has been logged in for a while."""

import time
from datetime import UTC, datetime
from uuid import UUID, uuid4

from access.actor import Actor
from access.keys import SigningKeys
from access.tokens import TokenIssuer
from domain.roles import Role
from event_store.wrapping import WrappingKeys
from lms.composition import AUDIENCE, open_pool
from tests.servers.stack import Stack


def stale_token(stack: Stack, admin_id: str) -> str:
    """The access token of an administrator who has proved who they are an hour ago."""
    settings = stack.settings
    actor = Actor(
        UUID(admin_id),
        frozenset({Role.ADMIN}),
        uuid4(),
        datetime.fromtimestamp(time.time() - 3600, UTC),
        frozenset({"pwd"}),
    )
    with open_pool(settings.write_database_url, 1) as pool:
        issuer = TokenIssuer(
            SigningKeys(pool, WrappingKeys(pool, settings.master_key)),
            issuer=settings.public_url,
            audience=AUDIENCE,
        )
        return issuer.access_token(actor)
