"""A restart of Postgres is not noticed by those who ask."""

import asyncio

import msgspec

from lms.embedded.postgres import EmbeddedPostgres
from read_api.database import Database, open_pool
from tests.servers.postgres import migrated

CONNECTIONS = 4


class Epoch(msgspec.Struct):
    epoch: int


def test_after_a_restart_every_query_is_answered(postgres_server: EmbeddedPostgres) -> None:
    asyncio.run(_ask_before_and_after(migrated(postgres_server).read_url, postgres_server))


async def _ask_before_and_after(read_url: str, server: EmbeddedPostgres) -> None:
    async with open_pool(read_url, connections=CONNECTIONS) as pool:
        database = Database(pool)

        async def ask_at_once() -> list[Epoch | None]:
            asked = (
                database.first(Epoch, "SELECT event_store.epoch() AS epoch FROM pg_sleep(0.05)")
                for _ in range(CONNECTIONS)
            )
            return await asyncio.gather(*asked)

        before = await ask_at_once()
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
        assert await ask_at_once() == before == [Epoch(0)] * CONNECTIONS
