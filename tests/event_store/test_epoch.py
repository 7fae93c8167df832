"""The guard of the epoch while the log is in use."""

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg
from eventsourcing.persistence import StoredEvent

from event_store.application import Log
from event_store.epoch import check_epoch
from tests.servers.postgres import Database

CHECKS = 300


def test_appends_by_others_are_no_sign_of_another_cluster(log: Log, database: Database) -> None:
    done = threading.Event()

    def append() -> None:
        while not done.is_set():
            event = StoredEvent(uuid4(), 1, "course.archived.v1", b'{"reason":null}')
            log.recorder.insert_events([event])

    with (
        ThreadPoolExecutor(2) as threads,
        psycopg.connect(database.write_url, autocommit=True) as starting,
    ):
        writing = [threads.submit(append) for _ in range(2)]
        try:
            for _ in range(CHECKS):
                check_epoch(starting)
        finally:
            done.set()
        for writer in writing:
            writer.result(timeout=30)
