"""How policies are doing."""

import msgspec
from psycopg_pool import ConnectionPool

from event_store.reader import Reader
from policies.equipment import Pool
from policies.positions import positions_of
from policies.status import Status, statuses
from tests.commands.system import Given
from tests.servers.postgres import Database


def test_the_lag_is_told_over_a_single_connection(database: Database, given: Given) -> None:
    given.a_person()
    pool: Pool = ConnectionPool(
        database.write_url,
        min_size=1,
        max_size=1,
        timeout=5,
        kwargs={"autocommit": True},
        open=True,
    )
    with pool:
        reader = Reader(pool)
        positions_of(["certificates"], pool, reader)
        (found,) = statuses(pool, reader)
        events = len(reader.read(0, 100))
    assert msgspec.structs.replace(found, position=0) == Status("certificates", 0, events, 0)
