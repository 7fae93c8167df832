"""From the log over JetStream into a consumer: how many a second, and how soon after the commit."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import psycopg
import uvloop
from psycopg_pool import ConnectionPool

from benchmarks.measure import Result
from benchmarks.servers import a_system
from bus.connection import Connection
from bus.consumer import Consumer
from bus.relay import Relay
from bus.stream import find_tip
from bus.wake import Waker
from event_store.reader import Reader
from event_store.recorder import insert_sql

EVENTS, PAGE = 50_000, 500
RATE, SECONDS = 200, 10
TARGET_PER_SECOND, TARGET_MS = 10_000, 20
DATA = '{"timestamp":"2026-01-01T00:00:00Z","course_version":1,"note":"' + "x" * 150 + '"}'
METADATA = f'{{"actor":"{uuid4()}","correlation_id":"{uuid4()}","command":"PublishCourse"}}'


def run() -> list[Result]:
    """Measures; takes half a minute."""
    with (
        a_system() as settings,
        psycopg.connect(settings.write_database_url, autocommit=True) as writer,
        ConnectionPool(
            settings.read_database_url, min_size=2, kwargs={"autocommit": True}, open=True
        ) as pool,
    ):
        return uvloop.run(_measure(Reader(pool), settings.nats_url, writer))


async def _measure(log: Reader, url: str, writer: psycopg.Connection[Any]) -> list[Result]:
    async with Connection(url, "relay") as nats, Connection(url, "consumer") as other:
        await nats.wait()
        await other.wait()
        arrivals: dict[int, float] = {}
        async with _beside(Relay(log, nats)) as relay, _following(log, other, arrivals) as consumer:
            await _until(lambda: relay.position is not None)
            latency = await _latency(url, writer, arrivals, consumer)
        await asyncio.to_thread(_append_many, writer)
        return [latency, await _throughput(log, nats)]


async def _latency(
    url: str, writer: psycopg.Connection[Any], arrivals: dict[int, float], consumer: Consumer
) -> Result:
    commits, costs = await asyncio.to_thread(_commit_at_rate, url, writer)
    await _until(lambda: consumer.position >= max(commits))
    delays = sorted((arrivals[position] - at) * 1000 for position, at in commits.items())
    costs.sort()
    p50, p99 = delays[len(delays) // 2], delays[len(delays) * 99 // 100]
    return Result(
        what=f"from commit to a consumer, at {RATE} commits/s (p99)",
        target=f"< {TARGET_MS} ms",
        measured=f"{p99:.1f} ms",
        met=p99 < TARGET_MS,
        detail=f"p50 {p50:.1f} ms, worst {delays[-1]:.1f} ms;"
        f" a ping costs {costs[len(costs) // 2] * 1e6:.0f} µs",
    )


async def _throughput(log: Reader, nats: Connection) -> Result:
    """A relay that was down while the log grew."""
    end = await asyncio.to_thread(log.last)
    start = time.perf_counter()
    async with _beside(Relay(log, nats)):
        while True:
            if (await find_tip(nats.jetstream)).position == end:
                break
            await asyncio.sleep(0.02)
    speed = EVENTS / (time.perf_counter() - start)
    return Result(
        what="relay from the log to JetStream",
        target=f"≥ {TARGET_PER_SECOND:,} events/s",
        measured=f"{speed:,.0f} events/s",
        met=speed >= TARGET_PER_SECOND,
        detail=f"{EVENTS:,} events of {len(DATA)} bytes, each acknowledged by the server",
    )


@contextlib.asynccontextmanager
async def _beside(relay: Relay) -> Any:
    task = asyncio.create_task(relay.run())
    try:
        yield relay
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@contextlib.asynccontextmanager
async def _following(log: Reader, nats: Connection, arrivals: dict[int, float]) -> Any:
    consumer = Consumer("benchmark", nats, log, 0)

    async def follow() -> None:
        async with contextlib.aclosing(consumer.batches()) as batches:
            async for batch in batches:
                now = time.perf_counter()
                arrivals.update((record.position, now) for record in batch.records)

    task = asyncio.create_task(follow())
    try:
        yield consumer
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _commit_at_rate(
    url: str, writer: psycopg.Connection[Any]
) -> tuple[dict[int, float], list[float]]:
    commits: dict[int, float] = {}
    costs: list[float] = []
    with Waker(url) as waker:
        start = time.perf_counter() + 0.5
        for number in range(RATE * SECONDS):
            time.sleep(max(0.0, start + number / RATE - time.perf_counter()))
            [position] = _append(writer, 1)
            committed = time.perf_counter()
            waker.ping(position)
            costs.append(time.perf_counter() - committed)
            commits[position] = committed
    return commits, costs


def _append_many(writer: psycopg.Connection[Any]) -> None:
    for _ in range(EVENTS // PAGE):
        _append(writer, PAGE)


def _append(writer: psycopg.Connection[Any], count: int) -> list[int]:
    params: list[Any] = []
    for _ in range(count):
        params += [uuid4(), "course", 1, "course.published.v1", DATA, METADATA]
    return [row[0] for row in writer.execute(insert_sql(count), params).fetchall()]


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while True:
            if condition():
                return
            await asyncio.sleep(0.005)
