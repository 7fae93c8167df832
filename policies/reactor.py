"""Carries out what a policy wants done because of one event."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

from prometheus_client import Counter
from psycopg import errors

from access.actor import SYSTEM
from bus.log import LOG_DOWN
from commands.context import Context
from commands.errors import IdempotencyKeyReused, TooMuchContention
from commands.message import Command
from domain.errors import Conflict
from event_store.errors import LogUnavailable
from event_store.record import Record
from policies.equipment import Equipment
from policies.policy import Policy, cause

logger = logging.getLogger(__name__)

COMMANDS: Final = Counter(
    "lms_policy_commands", "Commands that policies issued", ["policy", "outcome"]
)

OUT_OF_REACH: Final[tuple[type[Exception], ...]] = (
    *LOG_DOWN,
    LogUnavailable,
    TooMuchContention,
    errors.ReadOnlySqlTransaction,
    errors.IdleInTransactionSessionTimeout,
    MemoryError,
)
"""These say nothing about the event: the same one succeeds once the servers are well again."""


def now() -> datetime:
    return datetime.now(UTC)


class Reactor:
    def __init__(self, equipment: Equipment, clock: Callable[[], datetime] = now) -> None:
        self._equipment = equipment
        self._clock = clock

    def react(self, policy: Policy, record: Record) -> None:
        """Issues the commands of a policy, each exactly once however often this is called.

        Imported history is passed over: what followed from it, then, has been imported with it.
        A refusal because of what is the case already is an expected end. Raises anything else
        that goes wrong, or one of `OUT_OF_REACH`.
        """
        metadata = record.read_metadata()
        if metadata.imported:
            return
        event = self._equipment.decode(record)
        for number, command in enumerate(policy.commands(event, record)):
            context = Context(
                actor=SYSTEM,
                now=self._clock(),
                correlation_id=metadata.correlation_id,
                command_id=uuid4(),
                causation=record.position,
                idempotency_key=f"{policy.name}:{cause(record)}:{number}",
                trace=record.trace,
            )
            self._issue(policy.name, command, context)

    def _issue(self, policy: str, command: Command, context: Context) -> None:
        try:
            self._equipment.dispatcher.dispatch(command, context)
        except (Conflict, IdempotencyKeyReused) as refusal:
            # A key used for another command: a former release of the policy has reacted already.
            COMMANDS.labels(policy, "refused").inc()
            logger.info(
                "%s: %s refused: %s", context.idempotency_key, type(command).__name__, refusal
            )
        else:
            COMMANDS.labels(policy, "recorded").inc()
