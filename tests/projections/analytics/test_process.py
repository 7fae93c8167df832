"""The whole process: real Postgres, real NATS, real Quack."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import duckdb
import pytest
from psycopg_pool import ConnectionPool

from bus.connection import Connection
from bus.consumer import Consumer
from event_store.reader import Reader
from lms.data_folder import free_port
from projections.analytics.export import export
from projections.analytics.process import Options, run_analytics
from projections.analytics.warehouse import Warehouse
from projections.analytics.writer import Writer
from tests.projections.analytics.story import Story, write_log
from tests.servers.postgres import Database

TOKEN = "only-for-tests"
DEADLINE = 20.0


class Running:
    """An analytics process at work inside the test."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self._url = f"http://127.0.0.1:{options.http_port}"

    async def position(self) -> int:
        """The position of the figures; -1 while there are none."""
        try:
            async with aiohttp.request("GET", f"{self._url}/health/ready") as answer:
                return int((await answer.json())["position"]) if answer.ok else -1
        except aiohttp.ClientError:
            return -1

    async def reaches(self, position: int) -> None:
        await eventually(lambda: self._has_reached(position))

    async def _has_reached(self, position: int) -> bool:
        return await self.position() >= position

    async def dashboard(self) -> Any:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with aiohttp.request(
            "POST", f"{self._url}/analytics", json={}, headers=headers
        ) as answer:
            return await answer.json()


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not await holds():  # noqa: ASYNC110 - another process decides when
            await asyncio.sleep(0.02)


@asynccontextmanager
async def analytics(path: Path, database: Database, nats_url: str) -> AsyncIterator[Running]:
    options = Options(
        path=path,
        conninfo=database.read_url,
        quack_host="localhost",
        quack_port=free_port(),
        quack_token=TOKEN,
        http_host="127.0.0.1",
        http_port=free_port(),
        internal_token=TOKEN,
    )
    with ConnectionPool(database.read_url, min_size=1, max_size=2) as pool:
        reader = Reader(pool)
        async with Connection(nats_url, "analytics") as nats:
            task = asyncio.create_task(
                run_analytics(
                    options, reader, lambda position: Consumer("analytics", nats, reader, position)
                )
            )
            try:
                yield Running(options)
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "analytics.duckdb"


def test_history_is_loaded_and_then_followed(
    database: Database, nats_url: str, story: Story, path: Path
) -> None:
    async def run() -> None:
        story.finished_journey()
        write_log(database.owner_url, story.records)
        async with analytics(path, database, nats_url) as running:
            await running.reaches(story.records[-1].position)
            known = len(story.records)
            story.finished_journey()
            write_log(database.owner_url, story.records[known:])
            await running.reaches(story.records[-1].position)
            figures = await running.dashboard()
            assert figures["enrollments_by_status"] == {"completed": 2}
            options = running.options
            uri = f"quack:localhost:{options.quack_port}"
            rows = await asyncio.to_thread(export, uri, TOKEN, path.parent / "parquet")
            assert rows["fact_enrollment"] == 2

    asyncio.run(run())
    assert not path.with_name(path.name + ".wal").exists()


def test_a_second_copy_waits_for_the_first(
    database: Database, nats_url: str, story: Story, path: Path
) -> None:
    async def run() -> None:
        story.finished_journey()
        write_log(database.owner_url, story.records)
        last = story.records[-1].position
        async with analytics(path, database, nats_url) as first:
            await first.reaches(last)
            async with analytics(path, database, nats_url) as second:
                first_answers = await first.dashboard()
                assert await second.position() == -1
                assert first_answers["learners"] == 1
        async with analytics(path, database, nats_url) as third:
            await third.reaches(last)

    asyncio.run(run())


def made_by_an_older_program(path: Path) -> None:
    with duckdb.connect(path) as connection:
        connection.execute("UPDATE raw.state SET schema_version = 0")


def made_from_another_log(path: Path) -> None:
    warehouse = Warehouse(path)
    Writer(warehouse.connection).load([], reached=2**60)
    warehouse.close()


@pytest.mark.parametrize("spoil", [made_by_an_older_program, made_from_another_log])
def test_a_file_that_does_not_fit_is_built_anew(
    database: Database, nats_url: str, story: Story, path: Path, spoil: Callable[[Path], None]
) -> None:
    path.parent.mkdir()
    Warehouse(path).close()
    spoil(path)
    story.finished_journey()
    write_log(database.owner_url, story.records)

    async def run() -> None:
        async with analytics(path, database, nats_url) as running:
            await running.reaches(story.records[-1].position)
            assert (await running.dashboard())["learners"] == 1

    asyncio.run(run())
    assert [file.name for file in path.parent.glob("*.building*")] == []
