"""Tells the log what was refused at the door: few events, that count everything."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

from access.actor import SYSTEM
from access.refusals import Refusals, Untold
from commands.context import Context
from commands.dispatcher import Dispatcher
from commands.refused_access import RecordRefusals

TOLD_AT_ONCE: Final = 20
"""However many knock: so many events each time, the rest waits and goes on being counted."""


class RefusalTeller:
    """Any number of them may work at the same time: one does."""

    def __init__(
        self,
        refusals: Refusals,
        dispatcher: Dispatcher,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._refusals = refusals
        self._dispatcher = dispatcher
        self._clock = clock

    def tell(self) -> int:
        """Records what is due; how many events that were."""
        with self._refusals.alone() as alone:
            untold = self._refusals.untold(TOLD_AT_ONCE) if alone else []
            for each in untold:
                self._tell(each)
        return len(untold)

    def _tell(self, untold: Untold) -> None:
        command = RecordRefusals(
            key=untold.key,
            counted=untold.counted,
            act=untold.kind,
            why=untold.reason,
            number=untold.number,
            first_at=untold.first_at,
            last_at=untold.last_at,
            learner_id=untold.learner_id,
            name_hash=untold.name_hash,
            network=untold.network,
            address=untold.address,
        )
        context = Context(
            actor=SYSTEM, now=self._clock(), correlation_id=uuid4(), command_id=uuid4()
        )
        self._dispatcher.dispatch(command, context)
