"""What it costs to seal a personal field, and to unseal it: by itself, and on the way to the log.

In process, over a real Postgres, with keys that are known: as for whoever was met in the last half
minute. Beside it stands an event whose fields are all clear, so that what sealing adds can be told
from what any event costs.
"""

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from benchmarks.measure import Result
from benchmarks.servers import a_database
from domain.learner import Learner
from domain.roles import Role
from event_store.application import Log

PEOPLE, ROUNDS = 2_000, 5
FIELDS = 3
"""Of a person who registers: their user name, address and name."""
TARGET_US = 20.0
NAME, CONTEXT = b'"Jane Roe-Fernandez"', b"0123456789abcdef" + b"full_name"
KEY = bytes(range(32))


def run() -> list[Result]:
    """Measures; takes some five seconds."""
    with a_database() as url, Log(url, KEY) as log:
        people = [uuid4() for _ in range(PEOPLE)]
        log.keys.ensure(people)
        sealed = {person: log.keys.seal(person, NAME, CONTEXT) for person in people}
        seal = _times(lambda p: log.keys.seal(p, NAME, CONTEXT), people)
        unseal = _times(lambda p: log.keys.unseal(p, sealed[p], CONTEXT), people)
        events = {person: _registered(person) for person in people}
        stored = {p: log.mapper.to_stored_event(event) for p, event in events.items()}
        write = _times(lambda p: log.mapper.to_stored_event(events[p]), people)
        read = _times(lambda p: log.mapper.to_domain_event(stored[p]), people)
    return [_told("sealing", seal, write), _told("unsealing", unseal, read)]


def _registered(person: UUID) -> Any:
    learner = Learner.register(
        id=person,
        username=f"jane.{person.hex[:8]}",
        email=f"jane.{person.hex[:8]}@example.com",
        full_name="Jane Roe-Fernandez",
        roles=[Role.EMPLOYEE],
        at=datetime.now(UTC),
    )
    return learner.collect_events()[0]


def _times(act: Callable[[UUID], object], people: list[UUID]) -> list[float]:
    """Microseconds of each."""
    times = []
    for _ in range(ROUNDS):
        for person in people:
            begun = time.perf_counter_ns()
            act(person)
            times.append((time.perf_counter_ns() - begun) / 1_000)
    return times


def _told(what: str, field: list[float], event: list[float]) -> Result:
    p50, mean = statistics.median(field), statistics.fmean(field)
    per_field = statistics.median(event) / FIELDS
    return Result(
        what=f"{what} a personal field, p50, in process",
        target=f"< {TARGET_US:g} µs",
        measured=f"{p50:.1f} µs",
        met=max(p50, mean, per_field) < TARGET_US,
        detail=(
            f"mean {mean:.1f} µs, p99 {statistics.quantiles(field, n=100)[98]:.1f} µs; an event"
            f" of {FIELDS} such fields through the mapper, by field: p50 {per_field:.1f} µs,"
            f" mean {statistics.fmean(event) / FIELDS:.1f} µs"
        ),
    )
