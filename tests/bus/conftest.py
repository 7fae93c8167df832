"""What the bus's tests need besides the servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lms.embedded.postgres import EmbeddedPostgres
from tests.bus.written_log import WrittenLog
from tests.servers.postgres import Database, migrated


@pytest.fixture
def log(database: Database) -> Iterator[WrittenLog]:
    """An empty log."""
    written = WrittenLog(database.owner_url)
    yield written
    written.close()


@pytest.fixture
def log_on_own_server(postgres_server: EmbeddedPostgres) -> Iterator[WrittenLog]:
    """An empty log on the Postgres that this test may kill."""
    written = WrittenLog(migrated(postgres_server).owner_url)
    yield written
    written.close()
