"""Commands that are each sent once, however often the seeds are planted."""

from datetime import UTC, datetime
from typing import Final, TypeVar
from uuid import UUID, uuid4

import msgspec

from access.actor import Actor
from commands.context import Context
from commands.message import Command
from domain.aggregate import Aggregate
from domain.roles import Role
from lms.composition import CommandSide

A = TypeVar("A", bound=Aggregate)

NOBODY_YET: Final = Actor(id=None, roles=frozenset({Role.ADMIN}))
"""Who registers the first administrator, when there is nobody yet who could: no person, but with
an administrator's rights. Everything else is done by the people themselves."""


class Steps:
    """Sends commands to the dispatcher, each under an idempotency key named by its step.

    What was sent before is not sent again, also when its text has changed since: what people have
    made of the seeds meanwhile stays as it is.
    """

    def __init__(self, side: CommandSide) -> None:
        self._side = side
        self._correlation_id = uuid4()
        self.taken = 0
        """How many steps were taken now, not before."""

    def take(self, step: str, command: Command, by: Actor) -> UUID:
        """Sends the command unless this step was taken before; the id it was answered with.

        Raises what the dispatcher raises.
        """
        done = self.find(step, by)
        if done is not None:
            return done
        now = datetime.now(UTC)
        context = Context(
            # Whoever plants seeds acts for people who would have logged in just now.
            actor=msgspec.structs.replace(by, authenticated_at=now),
            now=now,
            correlation_id=self._correlation_id,
            command_id=uuid4(),
            idempotency_key=_key(step),
            reason="seed",
        )
        self.taken += 1
        return self._side.dispatcher.dispatch(command, context).id

    def existing(self, cls: type[A], id: UUID) -> A:
        """What earlier steps have made, as it is now."""
        aggregate = self._side.log.find_latest(cls, id)
        assert aggregate is not None, id
        return aggregate

    def find(self, step: str, by: Actor) -> UUID | None:
        """What the step was answered with, if it was taken before."""
        scope = str(by.id) if by.id else "system"
        request = self._side.log.recorder.find_request(scope, _key(step))
        return request.id if request else None


def _key(step: str) -> str:
    return f"seed/{step}"
