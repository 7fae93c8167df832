"""Several commands at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from domain.errors import DomainError
from tests.commands.system import Outcome


def at_once(*tries: Callable[[], Outcome]) -> list[Outcome]:
    """All of `tries`, each on a thread of its own, started together."""
    start = Barrier(len(tries))

    def run(one: Callable[[], Outcome]) -> Outcome:
        start.wait(timeout=10)
        return one()

    with ThreadPoolExecutor(len(tries)) as pool:
        return list(pool.map(run, tries))


def refusals(outcomes: list[Outcome]) -> list[type[DomainError]]:
    return [type(outcome.refusal) for outcome in outcomes if outcome.refusal]


def facts(outcomes: list[Outcome]) -> list[Any]:
    return [fact for outcome in outcomes for fact in outcome.facts]
