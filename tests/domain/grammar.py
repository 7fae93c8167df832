"""Given these events, when this decision, then those events."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar, get_type_hints
from uuid import UUID

import msgspec
import pytest

from domain.aggregate import Aggregate
from domain.errors import DomainError, Invalid

A = TypeVar("A", bound=Aggregate)

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
STREAM = UUID(int=0xA0)
COMMON = {"originator_id", "originator_version", "originator_topic", "timestamp"}


def a_uuid(number: int) -> UUID:
    return UUID(int=number)


@dataclass(frozen=True)
class Fact:
    """An event by its class and its own fields."""

    event_class: Any
    values: dict[str, Any]


def fact(event_class: Any, /, **values: Any) -> Fact:
    return Fact(event_class, values)


def facts_of(events: list[Any]) -> list[Fact]:
    return [
        Fact(
            type(event),
            {f.name: getattr(event, f.name) for f in fields(event) if f.name not in COMMON},
        )
        for event in events
    ]


@dataclass
class Outcome(Generic[A]):
    """What a decision led to: the aggregate after it and its new events, or a refusal."""

    aggregate: A | None
    events: list[Any]
    refusal: DomainError | None

    def then(self, *expected: Fact) -> A:
        if self.refusal is not None:
            raise self.refusal
        assert facts_of(self.events) == list(expected)
        assert all(event.timestamp == NOW for event in self.events)
        assert self.aggregate is not None
        state_is_typed(self.aggregate)
        return self.aggregate

    def nothing(self) -> None:
        self.then()

    def refuses(self, error: type[DomainError], field: str | None = None) -> None:
        assert type(self.refusal) is error, f"{self.refusal!r}, {facts_of(self.events)}"
        assert self.refusal.detail.endswith("."), "a sentence for the person who asked"
        if isinstance(self.refusal, Invalid):
            assert self.refusal.field == field
        if self.aggregate is not None:
            assert not self.events, "a refusal leaves nothing half done"


@dataclass
class Scenario(Generic[A]):
    aggregate: A

    def when(self, decision: Callable[[A], object]) -> Outcome[A]:
        before = len(self.aggregate.pending_events)
        refusal = None
        try:
            decision(self.aggregate)
        except DomainError as error:
            refusal = error
        return Outcome(self.aggregate, self.aggregate.pending_events[before:], refusal)


def given(aggregate_class: type[A], *history: Fact) -> Scenario[A]:
    """The aggregate as these events leave it."""
    aggregate: Any = None
    for version, past in enumerate(history, start=1):
        common = {"originator_id": STREAM, "originator_version": version, "timestamp": NOW}
        if version == 1:
            common["originator_topic"] = aggregate_class.STREAM_TYPE
        aggregate = past.event_class(**common, **past.values).mutate(aggregate)
    assert isinstance(aggregate, aggregate_class)
    return Scenario(aggregate)


def when_new(creation: Callable[[], A]) -> Outcome[A]:
    """The outcome of a decision that begins a stream."""
    try:
        aggregate = creation()
    except DomainError as error:
        return Outcome(None, [], error)
    return Outcome(aggregate, list(aggregate.pending_events), None)


def state_is_typed(aggregate: Aggregate) -> None:
    """Every attribute is annotated, and survives a snapshot as JSON of that type."""
    state = {name: value for name, value in vars(aggregate).items() if not name.startswith("_")}
    assert state.keys() == type(aggregate).__annotations__.keys()
    hints = get_type_hints(type(aggregate))
    for name, value in state.items():
        stored = msgspec.json.encode(value)
        assert msgspec.json.decode(stored, type=hints[name]) == value


TOO_LONG = "x" * 50_001
NUL = "a\x00b"
bad_text = pytest.mark.parametrize(
    "bad", ["", "  \n", TOO_LONG, NUL], ids=["", "blank", "long", "NUL"]
)
