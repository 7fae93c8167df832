"""Reading your own writes."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.position import PositionWaiter, min_position
from edge.problem import ProblemError

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Positions:
    """Read models that advance by one position whenever they are asked."""

    def __init__(self, **positions: int) -> None:
        self.positions = positions
        self.asked = 0

    async def __call__(self) -> Mapping[str, int]:
        self.asked += 1
        self.positions = {name: at + 1 for name, at in self.positions.items()}
        return self.positions


def waiter(
    fetch: Callable[[], Awaitable[Mapping[str, int]]], patience: float = 5.0
) -> PositionWaiter:
    return PositionWaiter(fetch, interval=0.001, patience=patience)


async def test_nobody_waits_without_a_position() -> None:
    positions = Positions(course=0)
    await waiter(positions).wait(["course"], None)
    assert positions.asked == 0


async def test_a_wait_ends_once_every_projection_is_there() -> None:
    positions = Positions(course=5, learner=0)
    await waiter(positions).wait(["course", "learner"], 3)
    assert positions.positions["learner"] == 3


async def test_what_was_reached_before_is_not_asked_again() -> None:
    positions = Positions(course=9)
    waits = waiter(positions)
    await waits.wait(["course"], 10)
    await waits.wait(["course"], 10)
    assert positions.asked == 1


async def test_many_waits_share_one_poll() -> None:
    positions = Positions(course=0)
    waits = waiter(positions)
    await asyncio.gather(*(waits.wait(["course"], minimum) for minimum in range(1, 21)))
    assert positions.asked == 20


async def test_polling_stops_when_nobody_waits() -> None:
    positions = Positions(course=0)
    waits = waiter(positions)
    await waits.wait(["course"], 1)
    poll = waits._poll
    assert poll is not None
    await asyncio.wait_for(poll, 5)
    assert positions.asked == 1


async def test_patience_ends_in_a_503_to_be_retried() -> None:
    async def never() -> Mapping[str, int]:
        return {"course": 0}

    with pytest.raises(ProblemError) as caught:
        await waiter(never, patience=0.02).wait(["course"], 1)
    assert caught.value.fault.status == 503
    assert caught.value.fault.headers == {"Retry-After": "1"}


async def test_a_projection_that_does_not_exist_is_never_reached() -> None:
    with pytest.raises(ProblemError):
        await waiter(Positions(course=9), patience=0.02).wait(["corse"], 1)


async def test_what_goes_wrong_in_asking_goes_to_those_who_wait_and_the_next_asks_anew() -> None:
    answers: list[Mapping[str, int] | Exception] = [ConnectionError("down"), {"course": 1}]

    async def fetch() -> Mapping[str, int]:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    waits = waiter(fetch)
    with pytest.raises(ConnectionError):
        await waits.wait(["course"], 1)
    await waits.wait(["course"], 1)


@given(st.integers(0, 2**63 - 1))
def test_a_position_is_read_back(position: int) -> None:
    assert min_position(str(position)) == position


@pytest.mark.parametrize("value", ["", "-1", "1.0", "x", str(2**63), "9" * 40, "\u0661"])
def test_what_is_no_position_is_400(value: str) -> None:
    with pytest.raises(ProblemError) as caught:
        min_position(value)
    assert caught.value.fault.status == 400
