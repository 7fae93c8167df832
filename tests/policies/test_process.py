"""Policies as a process: killed in the middle of its work, doubled, cut from its servers."""

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import msgspec
import psycopg
import pytest

from bus.connection import Connection
from bus.relay import Relay
from domain.course import Course
from policies.equipment import Equipment
from policies.parked import parked_events
from policies.process import run_policies
from tests.commands.system import Given
from tests.policies.equipped import counts, query
from tests.servers.postgres import Database

A_PROCESS = "policies of a test"
NOWHERE = "nats://127.0.0.1:9"
DEADLINE = 60.0
TOLD = "notification.created.v1"


@contextmanager
def policies(database: Database, nats_url: str = NOWHERE) -> Iterator[subprocess.Popen[bytes]]:
    arguments = [msgspec.json.encode(database).decode(), nats_url]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.policies.a_process", *arguments],
        env={**os.environ, "PGAPPNAME": A_PROCESS},
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.005)


def told(equipment: Equipment) -> int:
    return counts(equipment).get(TOLD, 0)


def is_at_the_end(equipment: Equipment) -> bool:
    positions = query(equipment, "SELECT min(position) FROM policies.position")
    last = query(
        equipment,
        "SELECT max(position) FROM event_store.events WHERE type IN"
        " ('enrollment.completed.v1', 'certificate.issued.v1', 'survey_invitation.sent.v1')",
    )
    return bool(positions[0][0] >= last[0][0])


def everything_happened_once(equipment: Equipment, completions: int) -> None:
    found = counts(equipment)
    assert found["certificate.issued.v1"] == completions
    assert found["survey_invitation.sent.v1"] == completions
    assert found[TOLD] == 4 * completions
    assert parked_events(equipment.pool) == []


@pytest.mark.slow
def test_killed_again_and_again_it_does_everything_once(
    database: Database, given: Given, equipment: Equipment, a_course_with_a_survey: Course
) -> None:
    learners = [given.a_person() for _ in range(60)]
    for learner in learners[:30]:
        given.a_completed_enrollment(learner, a_course_with_a_survey)
    for part in range(1, 5):
        with policies(database) as process:
            wait_for(lambda goal=part: told(equipment) >= goal * 25)  # type: ignore[misc]
            process.kill()
        for learner in learners[25 + 5 * part : 30 + 5 * part]:
            given.a_completed_enrollment(learner, a_course_with_a_survey)
    with policies(database):
        wait_for(lambda: told(equipment) >= 4 * 50 and is_at_the_end(equipment))
    everything_happened_once(equipment, 50)


@pytest.mark.slow
def test_one_works_and_the_other_takes_over_when_it_dies(
    database: Database, given: Given, equipment: Equipment, a_course_with_a_survey: Course
) -> None:
    with policies(database) as first:
        given.a_completed_enrollment(given.a_person(), a_course_with_a_survey)
        wait_for(lambda: told(equipment) == 4)
        with policies(database):
            given.a_completed_enrollment(given.a_person(), a_course_with_a_survey)
            wait_for(lambda: told(equipment) == 8)
            first.kill()
            given.a_completed_enrollment(given.a_person(), a_course_with_a_survey)
            wait_for(lambda: told(equipment) == 12 and is_at_the_end(equipment))
    everything_happened_once(equipment, 3)


@pytest.mark.slow
def test_it_goes_on_when_all_connections_are_cut(
    database: Database, given: Given, equipment: Equipment, a_course_with_a_survey: Course
) -> None:
    with policies(database):
        for number in range(1, 4):
            given.a_completed_enrollment(given.a_person(), a_course_with_a_survey)
            wait_for(lambda goal=number: told(equipment) == 4 * goal)  # type: ignore[misc]
            cut_connections(database)
        wait_for(lambda: is_at_the_end(equipment))
    everything_happened_once(equipment, 3)


def test_it_follows_the_bus(
    database: Database,
    given: Given,
    equipment: Equipment,
    nats_url: str,
    a_course_with_a_survey: Course,
) -> None:
    with following(database, equipment, nats_url):
        for number in range(1, 4):
            given.a_completed_enrollment(given.a_person(), a_course_with_a_survey)
            wait_for(lambda goal=number: told(equipment) == 4 * goal)  # type: ignore[misc]
    everything_happened_once(equipment, 3)


@contextmanager
def following(database: Database, equipment: Equipment, nats_url: str) -> Iterator[None]:
    """A relay and the policies, on an event loop in a thread of its own."""
    stop = threading.Event()

    async def main() -> None:
        async with Connection(nats_url, "relay") as one, Connection(nats_url, "policies") as other:
            tasks = [
                asyncio.create_task(Relay(equipment.log, one).run()),
                asyncio.create_task(run_policies(database.write_url, equipment, other)),
            ]
            await asyncio.to_thread(stop.wait)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(asyncio.run, main())
        try:
            yield
        finally:
            stop.set()
            running.result(timeout=DEADLINE)


def cut_connections(database: Database) -> None:
    """Those of the process; the test's own go on."""
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = %s",
            (A_PROCESS,),
        )
