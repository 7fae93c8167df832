"""What policies work with, on a test's database; and a log that is read to its end."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg_pool import ConnectionPool

from bus.consumer import Batch
from event_store.reader import Reader
from policies.equipment import Equipment, Pool
from policies.runner import Runner
from tests.commands.system import System
from tests.servers.postgres import Database


@contextmanager
def equipped(database: Database, system: System) -> Iterator[Equipment]:
    pool: Pool = ConnectionPool(
        database.write_url, min_size=1, max_size=4, kwargs={"autocommit": True}, open=False
    )
    with pool:
        yield Equipment(pool, Reader(pool), system.log.mapper.decode, system.dispatcher)


def react_to_everything(runner: Runner, equipment: Equipment, batch: int = 100) -> None:
    """Also to what follows from the reactions, and from those, until nothing more happens."""
    while records := equipment.log.read(runner.position, batch):
        runner.react(Batch(records, records[-1].position))


def counts(equipment: Equipment) -> dict[str, int]:
    """How many events of each type there are."""
    return dict(query(equipment, "SELECT type, count(*) FROM event_store.events GROUP BY type"))


def query(equipment: Equipment, sql: str) -> list[tuple[Any, ...]]:
    with equipment.pool.connection() as connection:
        return connection.execute(sql.encode()).fetchall()
