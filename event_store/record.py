"""An event as the log holds it."""

import re
from datetime import datetime
from uuid import UUID

import msgspec


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """Who did it, by which command, because of what.

    `causation` is the position of the event that a policy reacted to. `client` is sealed JSON of
    the source address and the user agent, under the actor's key. `imported` marks history that was
    brought in from elsewhere: whatever was to follow from it is history too, so policies pass it
    over. `trace` is the W3C `traceparent` of the command, when that was traced.
    """

    actor: UUID | None = None
    on_behalf_of: UUID | None = None
    correlation_id: UUID
    causation: int | None = None
    command_id: UUID
    command: str
    reason: str | None = None
    client: str | None = None
    imported: bool = False
    trace: str | msgspec.UnsetType = msgspec.UNSET


class Record(msgspec.Struct, frozen=True):
    """One row of the log. `data` and `metadata` are the exact JSON bytes."""

    position: int
    stream_id: UUID
    stream_type: str
    version: int
    type: str
    data: bytes
    metadata: bytes
    recorded_at: datetime

    def read_metadata(self) -> Metadata:
        return _METADATA.decode(self.metadata)

    @property
    def trace(self) -> str | None:
        """The `trace` of its metadata, found without decoding them: most have none."""
        found = _TRACE.search(self.metadata)
        return found[1].decode("ascii") if found else None


_METADATA = msgspec.json.Decoder(Metadata)
# In no string of the JSON, where quotes would be escaped.
_TRACE = re.compile(rb'"trace":"(00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2})"')
