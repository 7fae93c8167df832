"""Logs and readers on a real database."""

from collections.abc import Iterator

import pytest
from psycopg import Connection
from psycopg.rows import DictRow
from psycopg_pool import ConnectionPool

from event_store.application import Log
from event_store.reader import Reader
from tests.servers.postgres import Database

MASTER_KEY = bytes(range(32))


@pytest.fixture
def log(database: Database) -> Iterator[Log]:
    """An empty log, as the write API opens it."""
    with Log(database.write_url, MASTER_KEY) as log:
        yield log


@pytest.fixture
def pool(log: Log) -> ConnectionPool[Connection[DictRow]]:
    return log.recorder.datastore.pool


@pytest.fixture
def reader(pool: ConnectionPool[Connection[DictRow]]) -> Reader:
    return Reader(pool)
