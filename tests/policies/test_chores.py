import asyncio
from collections.abc import Callable

import psycopg
import pytest

from policies import chores
from policies.chores import Chore, run_chores


class Enough(Exception):
    """The chore has been called as often as the test needs."""


def run(*acts: Callable[[], bool], monkeypatch: pytest.MonkeyPatch) -> None:
    """Until one of them has had enough."""
    monkeypatch.setattr(chores, "PAUSE_AFTER_FAILURE", 0.01)

    async def main() -> None:
        done = asyncio.Event()
        loop = asyncio.get_running_loop()

        def noticing(act: Callable[[], bool]) -> Callable[[], bool]:
            def call() -> bool:
                try:
                    return act()
                except Enough:
                    loop.call_soon_threadsafe(done.set)
                    return False

            return call

        task = asyncio.create_task(
            run_chores([Chore(f"chore {n}", 0.01, noticing(act)) for n, act in enumerate(acts)])
        )
        await asyncio.wait_for(done.wait(), 10)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())


@pytest.mark.parametrize("error", [psycopg.OperationalError("gone"), ValueError("bad row")])
def test_a_chore_that_fails_is_tried_again_and_holds_up_no_other(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures, calls = [], []

    def failing() -> bool:
        failures.append(1)
        raise error

    def other() -> bool:
        calls.append(1)
        if len(calls) > 3 and len(failures) > 3:
            raise Enough
        return False

    run(failing, other, monkeypatch=monkeypatch)


def test_what_has_more_to_do_is_called_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def busy() -> bool:
        calls.append(1)
        if len(calls) > 100:
            raise Enough
        return True

    run(busy, monkeypatch=monkeypatch)
