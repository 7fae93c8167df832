"""While learners are at work, everything that can break breaks; afterwards nothing is missing."""

from signal import SIGINT, SIGKILL, SIGQUIT, Signals

import pytest

from lms.processes import PROCESSES
from tests.survival.afterwards import nothing_happened
from tests.survival.conftest import LearnersAtWork
from tests.survival.stack import Stack

pytestmark = pytest.mark.slow

AT_WORK = [name for name in PROCESSES if name not in ("gateway", "read-api")]


@pytest.mark.parametrize("process", AT_WORK)
def test_a_process_is_killed_again_and_again(
    stack: Stack, learners_at_work: LearnersAtWork, process: str
) -> None:
    logged = stack.logged()
    with learners_at_work() as crowd:
        for _ in range(2):
            stack.kill(process)
            crowd.goes_on()
    nothing_happened(stack, crowd, logged)


def test_all_processes_are_killed_at_once(stack: Stack, learners_at_work: LearnersAtWork) -> None:
    logged = stack.logged()
    with learners_at_work() as crowd:
        stack.kill(*PROCESSES)
        crowd.goes_on()
    nothing_happened(stack, crowd, logged)


def test_nats_is_killed_and_loses_everything(
    stack: Stack, learners_at_work: LearnersAtWork
) -> None:
    logged = stack.logged()
    with learners_at_work() as crowd:
        for _ in range(2):
            stack.kill_nats_and_wipe_it()
            crowd.goes_on()
    nothing_happened(stack, crowd, logged)


@pytest.mark.parametrize("signal", [SIGINT, SIGQUIT, SIGKILL], ids=["fast", "immediate", "killed"])
def test_postgres_is_restarted(
    stack: Stack, learners_at_work: LearnersAtWork, signal: Signals
) -> None:
    logged = stack.logged()
    with learners_at_work() as crowd:
        stack.kill("postgres", signal=signal)
        crowd.goes_on()
    nothing_happened(stack, crowd, logged)


def test_postgres_is_frozen_until_clients_give_up(
    stack: Stack, learners_at_work: LearnersAtWork
) -> None:
    logged = stack.logged()
    with learners_at_work() as crowd:
        with stack.frozen_postgres():
            crowd.is_held_up()
        crowd.goes_on()
    nothing_happened(stack, crowd, logged)


def test_everything_is_killed_at_once(stack: Stack, learners_at_work: LearnersAtWork) -> None:
    logged = stack.logged()
    with learners_at_work() as crowd:
        stack.kill("postgres", "nats", *PROCESSES)
        crowd.goes_on()
    nothing_happened(stack, crowd, logged)


def test_there_are_two_of_each_and_the_first_ones_die(
    stack: Stack, learners_at_work: LearnersAtWork
) -> None:
    logged = stack.logged()
    followers = ("relay", "projector", "policies")
    with stack.a_second(*followers), learners_at_work() as crowd:
        crowd.goes_on()
        stack.kill(*followers)
        crowd.goes_on()
    nothing_happened(stack, crowd, logged)
