"""An index stream that keeps a name unique: it is saved in the transaction that uses the name."""

from datetime import datetime
from uuid import UUID

from domain.aggregate import Aggregate, event
from domain.errors import Conflict
from domain.identity import unique_name_id


class NameTaken(Conflict):
    code = "name-taken"


class UniqueName(Aggregate):
    """Who owns a user name, an e-mail address or a course code; the name itself isn't stored."""

    STREAM_TYPE = "unique_name"

    kind: str
    owner_id: UUID | None

    class Claimed(Aggregate.Created):
        TOPIC = "unique_name.claimed"
        kind: str
        owner_id: UUID

    class Released(Aggregate.Event):
        TOPIC = "unique_name.released"
        kind: str

    class Reclaimed(Aggregate.Event):
        TOPIC = "unique_name.reclaimed"
        kind: str
        owner_id: UUID

    def __init__(self, kind: str, owner_id: UUID) -> None:
        self.kind = kind
        self.owner_id = owner_id

    @classmethod
    def claim(cls, *, kind: str, name: str, owner_id: UUID, at: datetime) -> "UniqueName":
        id = unique_name_id(kind, name)
        return cls._create(cls.Claimed, id=id, timestamp=at, kind=kind, owner_id=owner_id)

    def reclaim(self, *, owner_id: UUID, at: datetime) -> None:
        if self.owner_id is not None and self.owner_id != owner_id:
            raise NameTaken(f"This {self.kind.replace('_', ' ')} is already in use.")
        if self.owner_id is None:
            self.trigger_event(self.Reclaimed, timestamp=at, kind=self.kind, owner_id=owner_id)

    def release(self, *, at: datetime) -> None:
        if self.owner_id is not None:
            self.trigger_event(self.Released, timestamp=at, kind=self.kind)

    @event(Released)
    def _released(self) -> None:
        self.owner_id = None

    @event(Reclaimed)
    def _reclaimed(self, owner_id: UUID) -> None:
        self.owner_id = owner_id
