"""A restart of Postgres fails what is under way, and nothing after it."""

from collections.abc import Callable
from uuid import uuid4

from eventsourcing.persistence import StoredEvent

from event_store.application import Log
from event_store.errors import LogUnavailable
from lms.embedded.postgres import EmbeddedPostgres
from tests.event_store.conftest import MASTER_KEY
from tests.servers.postgres import migrated

CONNECTIONS = 8


def test_after_a_restart_one_append_fails_and_not_one_for_each_connection(
    postgres_server: EmbeddedPostgres,
) -> None:
    with Log(migrated(postgres_server).write_url, MASTER_KEY, connections=CONNECTIONS) as log:
        log.recorder.datastore.pool.wait()
        postgres_server.kill()
        postgres_server.start()
        failures = sum(fails(lambda: append_one(log)) for _ in range(CONNECTIONS))
    assert failures == 1


def append_one(log: Log) -> None:
    log.recorder.insert_events([StoredEvent(uuid4(), 1, "course.archived.v1", b'{"reason":null}')])


def fails(act: Callable[[], None]) -> bool:
    try:
        act()
    except LogUnavailable:
        return True
    return False
