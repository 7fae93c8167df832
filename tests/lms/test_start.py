"""Processes that are started before the servers they need."""

from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from lms.embedded.postgres import EmbeddedPostgres
from lms.migrate import migrate
from lms.processes.database import wait_for_database
from lms.stack import Process
from tests.lms.waiting import eventually
from tests.servers.postgres import migrated
from tests.servers.system import settings_of

ASKING_FIRST = ("projector", "importer", "write-api")
"""They need keys from the database before anything else."""


@pytest.mark.slow
def test_processes_wait_for_a_database_that_is_not_there_yet(
    postgres_server: EmbeddedPostgres, nats_url: str, tmp_path: Path
) -> None:
    settings = settings_of(migrated(postgres_server), nats_url, tmp_path)
    migrate(settings)
    postgres_server.kill()
    with ExitStack() as stack:
        waiting = [Process(name, settings) for name in ASKING_FIRST]
        try:
            for process in waiting:
                process.spawn()
                stack.callback(process.stop)
            for process in waiting:
                eventually(partial(_waits, process))
        finally:
            postgres_server.start()
        for process in waiting:
            process.wait_until_ready()


def _waits(process: Process) -> bool:
    return "waiting for the database" in process.log.read_text()


def test_the_patience_has_an_end() -> None:
    wait_for_database("postgresql://nobody@127.0.0.1:1/nothing", patience=0.0)
