"""An append is held open while others commit: everybody waits for it, and then all is in order."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import pytest

from domain.learner import Learner
from domain.roles import Role
from event_store.application import Log
from event_store.recorder import insert_sql
from lms.settings import Settings
from tests.survival.afterwards import (
    everything_catches_up,
    reacted_once,
    stream_is_the_log,
    views_equal_history,
)
from tests.survival.people import Course, Town, takes
from tests.survival.stack import Stack

pytestmark = pytest.mark.slow

METADATA = (
    '{"actor":null,"correlation_id":"8f4f8728-ab05-4190-8b3e-7fcbbdd8b578",'
    '"command_id":"de4c427a-c5db-4301-bd27-ad81410fc545","command":"RegisterLearner"}'
)


@contextmanager
def an_open_append(settings: Settings, learner: Learner) -> Iterator[int]:
    """The events of a learner, inserted and, while the block runs, not committed."""
    log = Log(settings.write_database_url, settings.master_key, connections=1)
    try:
        (stored,) = [log.mapper.to_stored_event(event) for event in learner.collect_events()]
    finally:
        log.close()
    row = (stored.originator_id, "learner", 1, stored.topic, stored.state.decode(), METADATA)
    with psycopg.connect(settings.write_database_url) as connection:
        found = connection.execute(insert_sql(1), row).fetchone()
        assert found is not None
        yield int(found[0])


def a_late_learner() -> Learner:
    name = uuid4().hex
    return Learner.register(
        id=uuid4(),
        username=name,
        email=f"{name}@example.com",
        full_name="Late Comer",
        roles=[Role.EMPLOYEE],
        at=datetime.now(UTC),
    )


def test_projections_and_policies_wait_for_an_append_that_commits_late(
    stack: Stack, town: Town, a_course: Course
) -> None:
    everything_catches_up(stack)
    late = a_late_learner()
    with town.an_admin() as admin:
        with an_open_append(stack.settings, late) as held:
            learner = town.a_learner(admin)
            enrolled = takes(learner, a_course)
            recorded = admin.sends("POST", f"/users/{learner.id}/deactivate", {})["position"]
            assert recorded > held
            path = f"/enrollments/{enrolled.enrollment_id}"
            waiting = admin.asks(path, recorded)
            assert (waiting.status_code, waiting.headers["Retry-After"]) == (503, "1")
            assert admin.asks(path).status_code == 404
            assert stack.positions_reached() < held
        everything_catches_up(stack)
        assert admin.asks(path, recorded).status_code == 200
        assert admin.asks(f"/users/{late.id}", held).json()["full_name"] == "Late Comer"
    reacted_once(stack, [enrolled])
    stream_is_the_log(stack)
    views_equal_history(stack)
