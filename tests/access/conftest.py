import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg_pool import ConnectionPool

from tests.servers.postgres import Database


class Clock:
    """Time that passes only when told to."""

    def __init__(self) -> None:
        self.now = datetime(2030, 1, 1, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def timestamp(self) -> float:
        return self.now.timestamp()

    def advance(self, *, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def pool(shared_database: Database) -> Iterator[ConnectionPool]:
    """Connections as the write API has them."""
    with ConnectionPool(shared_database.write_url, min_size=1, max_size=8, open=True) as pool:
        yield pool


@pytest.fixture(scope="session")
def read_pool(shared_database: Database) -> Iterator[ConnectionPool]:
    """Connections as the read API has them."""
    with ConnectionPool(shared_database.read_url, min_size=1, max_size=2, open=True) as pool:
        yield pool


@pytest.fixture
def no_keys(shared_database: Database) -> None:
    """There is no signing key yet."""
    with psycopg.connect(shared_database.owner_url, autocommit=True) as connection:
        connection.execute("DELETE FROM access.signing_keys")


@pytest.fixture
def learner_id() -> UUID:
    return uuid4()


_addresses = itertools.count(int.from_bytes(bytes([10, 0, 0, 0])))


@pytest.fixture
def address() -> str:
    """A client's address that no other test uses."""
    return ".".join(str(byte) for byte in next(_addresses).to_bytes(4))
