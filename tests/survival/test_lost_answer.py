"""The write API dies between a commit and its answer."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest

from tests.survival.afterwards import everything_catches_up, recorded_once
from tests.survival.deadline import wait_for
from tests.survival.people import Course, Ledger, Town
from tests.survival.stack import Stack

pytestmark = pytest.mark.slow

HANGING = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'lms_write' AND wait_event = %s"


@contextmanager
def commits_that_are_not_answered(stack: Stack) -> Iterator[None]:
    """Commits are on disk, and Postgres waits for a standby that never comes before it says so."""
    _set_standby(stack, "nobody")
    try:
        yield
    finally:
        _set_standby(stack, "")


def test_a_command_whose_answer_got_lost_is_answered_when_it_is_repeated(
    stack: Stack, town: Town, a_course: Course
) -> None:
    ledger = Ledger()
    with town.an_admin(ledger) as admin, ThreadPoolExecutor(1) as thread:
        learner = town.a_learner(admin)
        everything_catches_up(stack)
        with commits_that_are_not_answered(stack):
            enrolling = thread.submit(
                learner.sends, "POST", "/enrollments", {"course_id": a_course.id}
            )
            wait_for(lambda: stack.ask(HANGING, ["SyncRep"])[0][0] > 0, "it is committed")
            stack.kill("write-api")
        answer = enrolling.result()
    assert ledger.broken_off > 0
    assert answer["version"] == 1
    events = stack.ask(
        "SELECT version, position FROM event_store.events WHERE stream_id = %s", [answer["id"]]
    )
    assert events == [(1, answer["position"])]
    recorded_once(stack, ledger)


def _set_standby(stack: Stack, name: str) -> None:
    with psycopg.connect(stack.settings.database_url, autocommit=True) as connection:
        connection.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'")
        connection.execute("SELECT pg_reload_conf()")
    wait_for(
        lambda: stack.ask("SHOW synchronous_standby_names") == [(name,)], "the setting is known"
    )
