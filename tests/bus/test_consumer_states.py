"""Whatever a stream may do to a consumer, in any order, what it gave is the log."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bus.connection import Connection
from bus.consumer import Consumer
from bus.message import Envelope, decode, encode
from event_store.record import Record

TYPES = ("course.created.v1", "course.published.v1")


class Idle(Exception):
    """The consumer has nothing to do."""


class LogInMemory:
    """A log in which records become visible only when they are settled."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.settled = 0

    async def read(
        self,
        after: int,
        limit: int,
        types: Sequence[str] | None = None,
        upto: int | None = None,
    ) -> list[Record]:
        found = [
            record
            for record in self.records[: self.settled]
            if after < record.position <= (upto or 2**63) and (not types or record.type in types)
        ]
        return found[:limit]

    async def last(self) -> int:
        return self.records[self.settled - 1].position if self.settled else 0


class FeedInMemory:
    """A feed that is as unreliable as it is told to be; an idle consumer is thrown out."""

    def __init__(self) -> None:
        self.is_live = False
        self.can_open = True
        self.waiting: deque[Envelope] = deque()
        self.asked_in_vain = 0

    async def open(self) -> bool:
        self.is_live = self.can_open
        self._count(in_vain=not self.is_live)
        return self.is_live

    async def take(self, limit: int, timeout: float) -> list[Envelope]:  # noqa: ASYNC109 - as the real one
        taken = [self.waiting.popleft() for _ in range(min(limit, len(self.waiting)))]
        self._count(in_vain=not taken)
        return taken

    def _count(self, *, in_vain: bool) -> None:
        self.asked_in_vain = self.asked_in_vain + 1 if in_vain else 0
        if self.asked_in_vain > 3:
            self.asked_in_vain = 0
            raise Idle


class FollowingTheLog(RuleBasedStateMachine):
    """Writers, a relay, a stream and one consumer."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.Runner()
        self.log = LogInMemory()
        self.relayed = 0
        self.seen: list[Record] = []
        self.position = 0

    @initialize(types=st.none() | st.just([TYPES[0]]))
    def start(self, types: list[str] | None) -> None:
        self.types = types
        self._restart()

    @rule(types=st.lists(st.sampled_from(TYPES), min_size=1, max_size=6), gap=st.integers(1, 9))
    def append(self, types: list[str], gap: int) -> None:
        for type_ in types:
            last = self.log.records[-1].position if self.log.records else 0
            self.log.records.append(_record(last + gap, type_))

    @rule(count=st.integers(1, 8))
    def settle(self, count: int) -> None:
        self.log.settled = min(self.log.settled + count, len(self.log.records))

    @rule(count=st.integers(1, 8))
    def relay(self, count: int) -> None:
        for envelope in self._publish(count):
            if self.feed.is_live:
                self.feed.waiting.append(envelope)

    @rule(count=st.integers(1, 8))
    def relay_what_is_lost_on_the_way(self, count: int) -> None:
        self._publish(count)

    @rule(arrives=st.lists(st.booleans(), min_size=1, max_size=6), limit=st.integers(1, 5))
    def append_relay_and_consume(self, arrives: list[bool], limit: int) -> None:
        self.append([TYPES[len(arrives) % 2]] * len(arrives), gap=1)
        self.log.settled = len(self.log.records)
        self.relay_what_is_lost_on_the_way(self.log.settled - self.relayed - len(arrives))
        for arrived in arrives:
            (self.relay if arrived else self.relay_what_is_lost_on_the_way)(1)
        self.consume_a_batch(limit)

    @precondition(lambda self: self.relayed > 0)
    @rule(data=st.data())
    def deliver_an_old_message_again(self, data: st.DataObject) -> None:
        index = data.draw(st.integers(0, self.relayed - 1))
        self.feed.waiting.append(self._envelope(index))

    @rule(can_open=st.booleans())
    def go_deaf(self, can_open: bool) -> None:
        self.feed.is_live = False
        self.feed.can_open = can_open

    @rule()
    def lose_what_waits(self) -> None:
        self.feed.waiting.clear()

    @rule(limit=st.integers(1, 5))
    def consume_a_batch(self, limit: int) -> None:
        try:
            batch = self.loop.run(self._next(limit))
        except Idle:
            return
        assert len(batch.records) <= limit
        assert batch.position > self.position
        self.seen += batch.records
        self.position = self.consumer._position = batch.position

    @rule()
    def restart_the_consumer(self) -> None:
        self._restart()

    @invariant()
    def seen_is_the_log(self) -> None:
        assert self.seen == self._wanted(self.position)

    def teardown(self) -> None:
        self.log.settled = len(self.log.records)
        if hasattr(self, "feed"):
            self._consume_all()
            assert self.seen == self._wanted(2**63)
        self.loop.close()

    def _consume_all(self) -> None:
        before = -1
        while before < self.position:
            before = self.position
            self.consume_a_batch(5)

    def _restart(self) -> None:
        nats = cast("Connection", None)
        self.consumer = Consumer("c", nats, cast("Any", self.log), self.position, types=self.types)
        self.feed = FeedInMemory()
        self.consumer._feed = cast("Any", self.feed)
        self.consumer._log = cast("Any", self.log)
        self.consumer._poll = 0.0

    async def _next(self, limit: int) -> Any:
        self.feed.asked_in_vain = 0
        return await self.consumer._next(limit)

    def _publish(self, count: int) -> list[Envelope]:
        first, self.relayed = self.relayed, min(self.relayed + count, self.log.settled)
        return [self._envelope(index) for index in range(first, self.relayed)]

    def _envelope(self, index: int) -> Envelope:
        previous = self.log.records[index - 1].position if index else 0
        return decode(*encode(self.log.records[index], previous, 1024**2))

    def _wanted(self, upto: int) -> list[Record]:
        return [
            record
            for record in self.log.records
            if record.position <= upto and (not self.types or record.type in self.types)
        ]


def _record(position: int, type_: str) -> Record:
    return Record(
        position=position,
        stream_id=UUID(int=position),
        stream_type="course",
        version=1,
        type=type_,
        data=b"{}",
        metadata=b"{}",
        recorded_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


FollowingTheLog.TestCase.settings = settings(
    max_examples=100,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestFollowingTheLog = FollowingTheLog.TestCase
