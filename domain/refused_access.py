"""What was refused at the door: a stream for each person, or network, and day."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from domain.aggregate import Aggregate, Personal
from domain.identity import refused_access_id


class RefusedAccess(Aggregate):
    """Sums of refusals. Whose they are is a learner's id or, of a name that nobody has, the keyed
    hash of the network it came from."""

    STREAM_TYPE = "refused_access"

    class Noticed(Aggregate.Created):
        """The first of a day."""

        TOPIC = "refused_access.noticed"
        learner_id: UUID | None
        network: str | None

    class Counted(Aggregate.Event):
        """`number` refusals from `first_at` to `last_at`; `name_hash`, `network` and `address` are
        those of the last."""

        TOPIC = "refused_access.counted"
        SUBJECT = "learner_id"
        learner_id: UUID | None
        act: str
        why: str
        number: int
        first_at: datetime
        last_at: datetime
        name_hash: str | None
        network: str | None
        address: Annotated[str | None, Personal]

    def __init__(self, learner_id: UUID | None, network: str | None) -> None:
        self.learner_id = learner_id
        self.network = network

    @classmethod
    def notice(
        cls, *, learner_id: UUID | None, network: str | None, at: datetime
    ) -> "RefusedAccess":
        id = refused_access_id(learner_id, network, at)
        network = None if learner_id else network
        return cls._create(cls.Noticed, id=id, timestamp=at, learner_id=learner_id, network=network)

    def count(
        self,
        *,
        act: str,
        why: str,
        number: int,
        first_at: datetime,
        last_at: datetime,
        name_hash: str | None,
        network: str | None,
        address: str | None,
        at: datetime,
    ) -> None:
        self.trigger_event(
            self.Counted,
            timestamp=at,
            learner_id=self.learner_id,
            act=act,
            why=why,
            number=number,
            first_at=first_at,
            last_at=last_at,
            name_hash=name_hash,
            network=network,
            address=address if self.learner_id else None,
        )
