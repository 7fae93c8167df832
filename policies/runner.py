"""Lets all policies react to the events of the log, each to each exactly once.

Commands are issued before the position is moved, so an event may come again after a crash; its
idempotency keys make sure that nothing is done again.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, TypeVar
from uuid import UUID

from bus.consumer import Batch
from bus.correlation import correlated
from bus.pause import Pause
from event_store.record import Record
from policies.equipment import Equipment
from policies.parked import park
from policies.policy import Policy
from policies.positions import advance, positions_of
from policies.reactor import COMMANDS, OUT_OF_REACH, Reactor

logger = logging.getLogger(__name__)

T = TypeVar("T")

THREADS: Final = 4


class Stopped(Exception):
    """The runner was closed before the batch was done with."""


class Runner:
    """Everything after `position` must be passed to `react`, in order.

    Streams are dealt with side by side, the events of one stream one after the other. While a
    server is out of reach everything waits; an event that can't be reacted to is parked.
    """

    def __init__(self, policies: Iterable[Policy], equipment: Equipment, reactor: Reactor) -> None:
        self._policies = {policy.name: policy for policy in policies}
        self._equipment = equipment
        self._reactor = reactor
        self._stopping = threading.Event()
        self._positions = positions_of(self._policies, equipment.pool, equipment.log)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="policy")
        self.position = self._noted = min(self._positions.values())

    @property
    def types(self) -> list[str]:
        """The stored types of all events that some policy reacts to."""
        return sorted({type for policy in self._policies.values() for type in policy.handlers})

    def react(self, batch: Batch) -> None:
        """Returns when all policies have reacted to the batch. Raises `Stopped`."""
        streams: dict[UUID, list[Record]] = {}
        for record in batch.records:
            streams.setdefault(record.stream_id, []).append(record)
        for _ in self._threads.map(self._react_to_stream, streams.values()):
            pass
        self._reached(batch)

    def note(self) -> None:
        """Saves the position reached. A batch that concerns a policy does so itself; else call this
        now and then, from any thread. Raises `Stopped`."""
        reached = self.position
        if reached > self._noted:
            self._patiently(lambda: advance(self._policies, reached, self._equipment.pool))
            self._noted = reached

    def close(self) -> None:
        """Stops, at the latest after the commands under way."""
        self._stopping.set()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _react_to_stream(self, records: list[Record]) -> None:
        for record in records:
            for policy in self._policies.values():
                behind = self._positions[policy.name] < record.position
                if behind and record.type in policy.handlers:
                    with correlated(record):
                        self._patiently(partial(self._react_or_park, policy, record))

    def _react_or_park(self, policy: Policy, record: Record) -> None:
        try:
            self._reactor.react(policy, record)
        except OUT_OF_REACH:
            raise
        except Exception as error:
            logger.exception("%s parks %s at %d", policy.name, record.type, record.position)
            COMMANDS.labels(policy.name, "parked").inc()
            park(policy.name, record, error, self._equipment.pool)

    def _reached(self, batch: Batch) -> None:
        for name, position in self._positions.items():
            self._positions[name] = max(position, batch.position)
        self.position = batch.position
        if batch.records:
            self.note()

    def _patiently(self, act: Callable[[], T]) -> T:
        """Tries again and again while a server is out of reach."""
        pause = Pause(first=0.05, longest=2.0)
        while not self._stopping.is_set():
            try:
                return act()
            except OUT_OF_REACH as error:
                if pause.is_fresh:
                    logger.warning("policies wait, %s: %s", type(error).__name__, error)
                self._stopping.wait(pause.step())
        raise Stopped
