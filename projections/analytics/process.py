"""The analytics process: loads the log into DuckDB, and serves it while it grows."""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import Final

import msgspec
import psycopg
import uvicorn

from bus.consumer import AnotherHistory, Consumer
from bus.log import LOG_DOWN, Log
from projections.analytics.catch_up import catch_up
from projections.analytics.desk import Desk
from projections.analytics.lock import FileLock
from projections.analytics.quack import Quack
from projections.analytics.query_log import QueryLog
from projections.analytics.rebuild import Stopped, build_beside, is_of_another_shape, swap
from projections.analytics.service import create_app
from projections.analytics.warehouse import Warehouse
from projections.analytics.writer import Writer

logger = logging.getLogger(__name__)

ConsumerFactory = Callable[[int], Consumer]
"""Makes a consumer of all events above a position."""

_PAUSE: Final = 0.5
_BATCH: Final = 2_000


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """Where things are. `conninfo` may read `event_store`; `http_host` should be loopback."""

    path: Path
    conninfo: str
    quack_host: str
    quack_port: int
    quack_token: str
    http_host: str
    http_port: int
    internal_token: str

    @property
    def incoming(self) -> Path:
        return self.path.with_name(self.path.name + ".csv")

    @property
    def query_log(self) -> Path:
        return self.path.with_name("analytics-queries.jsonl")


class Progress(msgspec.Struct):
    """Up to which position the log is in the warehouse; None until that serves."""

    position: int | None = None


async def run_analytics(
    options: Options, log: Log, consumer: ConsumerFactory, progress: Progress | None = None
) -> None:
    """Runs until cancelled, through any outage of Postgres or NATS; keeps `progress`.

    A second process with the same file waits, and takes over when the first one ends.
    """
    options.path.parent.mkdir(parents=True, exist_ok=True)
    desk = Desk(QueryLog(options.query_log))
    with FileLock(options.path.with_name(options.path.name + ".lock")) as lock:
        while not lock.try_acquire():  # noqa: ASYNC110 - another process lets go of it
            await asyncio.sleep(_PAUSE)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_serve_http(options, desk))
            tasks.create_task(_keep_loading(options, desk, log, consumer, progress or Progress()))


async def _keep_loading(
    options: Options, desk: Desk, log: Log, consumer: ConsumerFactory, progress: Progress
) -> None:
    must_rebuild = await asyncio.to_thread(is_of_another_shape, options.path)
    while True:
        if must_rebuild:
            await _patiently(lambda stopping: _rebuild(options, stopping))
        try:
            await _load(options, desk, log, consumer, progress)
        except AnotherHistory as error:
            logger.error("the file was made from another log, building it anew: %s", error)  # noqa: TRY400 - the message says it all
            must_rebuild = True


async def _load(
    options: Options, desk: Desk, log: Log, consumer: ConsumerFactory, progress: Progress
) -> None:
    # Opened twice, so that what loading in bulk took of memory is given back.
    await _catch_up(options, log)
    with _opened(options.path) as warehouse:
        writer = Writer(warehouse.cursor())
        quack = Quack(options.quack_host, options.quack_port, options.quack_token, desk.log)
        warehouse.share_cores()
        await asyncio.to_thread(quack.start, warehouse.connection)
        desk.open(warehouse)
        progress.position = writer.position
        logger.info("analytics is live at position %d", writer.position)
        try:
            async with aclosing(consumer(writer.position).batches(_BATCH)) as batches:
                async for batch in batches:
                    await _to_the_end(writer.load, batch.records, batch.position)
                    progress.position = writer.position
        finally:
            progress.position = None
            desk.close()
            quack.stop(warehouse.connection)


async def _catch_up(options: Options, log: Log) -> None:
    def load(stopping: threading.Event) -> None:
        last = log.last()
        with _opened(options.path) as warehouse:
            writer = Writer(warehouse.cursor())
            if last < writer.position:
                raise AnotherHistory(f"the file is at {writer.position}, the log ends at {last}")
            for loaded in catch_up(writer, options.conninfo, options.incoming):
                logger.info("caught up with %d events", loaded)
                if stopping.is_set():
                    raise Stopped

    await _patiently(load)


def _rebuild(options: Options, stopping: threading.Event) -> None:
    swap(options.path, build_beside(options.path, options.conninfo, stopping.is_set))


async def _patiently(work: Callable[[threading.Event], None]) -> None:
    """Runs long work on a thread, again and again while Postgres is away; cancelling stops it."""
    stopping = threading.Event()
    while True:
        task = asyncio.create_task(asyncio.to_thread(work, stopping))
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            stopping.set()
            with contextlib.suppress(Stopped, *LOG_DOWN):
                await task
            raise
        except (psycopg.OperationalError, *LOG_DOWN) as error:
            logger.warning("the log can't be read: %s", error)
            await asyncio.sleep(_PAUSE)
        else:
            return


async def _to_the_end(work: Callable[..., object], *args: object) -> None:
    """Runs work on a thread; when cancelled, lets it end first, for it holds a transaction."""
    task = asyncio.create_task(asyncio.to_thread(work, *args))
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise


@contextmanager
def _opened(path: Path) -> Iterator[Warehouse]:
    warehouse = Warehouse(path)
    try:
        yield warehouse
    finally:
        warehouse.close()


class _Server(uvicorn.Server):
    """Leaves the signals to the process around it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _serve_http(options: Options, desk: Desk) -> None:
    server = _Server(
        uvicorn.Config(
            create_app(desk, options.internal_token),
            host=options.http_host,
            port=options.http_port,
            ws="none",
            access_log=False,
            log_config=None,
            timeout_graceful_shutdown=2,
        )
    )
    task = asyncio.create_task(server.serve())
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        server.should_exit = True
        await task
        raise
