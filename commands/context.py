"""What comes with a command, and what is answered to it."""

from datetime import datetime
from uuid import UUID

import msgspec

from access.actor import Actor


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """Who sends a command, when, from where and because of what.

    `causation` is the position of the event that a policy reacts to. `expected_version` is the
    version that the stream must have. Times are aware, in UTC. `trace` is the W3C
    `traceparent` under which the command is traced.
    """

    actor: Actor
    now: datetime
    correlation_id: UUID
    command_id: UUID
    causation: int | None = None
    on_behalf_of: UUID | None = None
    idempotency_key: str | None = None
    expected_version: int | None = None
    source_address: str | None = None
    user_agent: str | None = None
    reason: str | None = None
    trace: str | None = None


class Recorded(msgspec.Struct, frozen=True):
    """The stream that was written, its version, and the position of its last new event."""

    id: UUID
    version: int
    position: int
