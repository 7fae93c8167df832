"""Appends a second with 16 writers: the library's stock recorder, ours, and bare INSERTs.

Each contender writes the same row, one event a transaction, from 4 processes of 4 threads, in turn
and several times over, so that a noisy machine is equally noisy for all. While a recorder writes,
its own tail follows and must see every event once, in order: the library's is a subscription. Bare
INSERTs have none, for nothing could follow them without gaps.

Each writing process keeps to one core. Left to itself the kernel settles, by chance and then for as
long as they write, on moving them from core to core once an append or hardly ever: 7,500 or 12,000
appends a second on two cores, whoever writes.
"""

import multiprocessing
import os
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from multiprocessing.synchronize import Barrier
from typing import Any
from uuid import UUID, uuid4

import psycopg
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import ConnectionPool

from benchmarks.measure import Result
from benchmarks.servers import a_database
from event_store.reader import Reader
from event_store.recorder import Recorder

PROCESSES, THREADS, SECONDS, ROUNDS = 4, 4, 3.0, 5
WRITERS = PROCESSES * THREADS
PAGE, LOOK = 1_000, 0.02
"""Events that our tail reads at once, and seconds between its looks. Two hundred looks a second
cost a tenth of all appends: whoever wakes takes a core from the one that holds the log's lock."""
TYPE = "enrollment.progress_updated.v1"
DATA = (
    b'{"timestamp":"2026-11-24T12:00:00Z","learner_id":"52bc0355-7908-46ee-ae04-d865de83d37a",'
    b'"course_id":"71351e5b-c976-40c8-afbe-6b1d6f1729fe","lesson_id":'
    b'"eddc313f-081e-4a27-9835-953f0ee05c92","percent":40,"seconds":120,"bookmark":null}'
)
METADATA = (
    b'{"actor":"52bc0355-7908-46ee-ae04-d865de83d37a","on_behalf_of":null,"correlation_id":'
    b'"8f4f8728-ab05-4190-8b3e-7fcbbdd8b578","causation":null,"command_id":'
    b'"de4c427a-c5db-4301-bd27-ad81410fc545","command":"UpdateProgress","reason":null}'
)
BARE = """
CREATE TABLE bare_events (LIKE event_store.events INCLUDING ALL);
"""
BARE_INSERT = (
    "INSERT INTO bare_events (position, stream_id, stream_type, version, type, data, metadata)"
    " VALUES (%s, %s, %s, %s, %s, %s::json, %s::json)"
)

Append = Callable[[UUID, int], None]


def run() -> list[Result]:
    """Measures; takes about a minute."""
    with a_database() as url:
        with psycopg.connect(url, autocommit=True) as owner:
            owner.execute(BARE)
        stock_recorder(url, 1).create_table()
        rates: dict[str, list[float]] = {"stock": [], "ours": [], "bare": [], "stock alone": []}
        for _ in range(ROUNDS):
            rates["stock"].append(stock_with_tail(url))
            rates["ours"].append(rate_with_tail(url))
            rates["bare"].append(rate(url, bare))
            rates["stock alone"].append(rate(url, stock))
    return [_compared("stock", rates, 5.0), _compared("bare", rates, 0.8)]


def _compared(other: str, rates: dict[str, list[float]], target: float) -> Result:
    ratio = statistics.median(
        mine / theirs for mine, theirs in zip(rates["ours"], rates[other], strict=True)
    )
    words = {"stock": "the library's stock recorder with its own", "bare": "bare psycopg INSERTs"}[
        other
    ]
    return Result(
        what=f"append, {WRITERS} writers, with a concurrent tail, to {words}",
        target=f"≥ {target:g} ×",
        measured=f"{ratio:.2f} ×",
        met=ratio >= target,
        detail=", ".join(f"{name} {statistics.median(r):,.0f}/s" for name, r in rates.items()),
    )


def rate_with_tail(url: str) -> float:
    """Appends a second of our recorder, while a tail proves that it misses none."""
    with ConnectionPool(url, min_size=1, max_size=2, kwargs={"autocommit": True}) as pool:
        reader, done = Reader(pool), threading.Event()
        start = reader.last()
        seen: list[int] = []
        tail = threading.Thread(target=_follow, args=(reader, start, done, seen))
        tail.start()
        measured = rate(url, ours)
        done.set()
        tail.join()
        with pool.connection() as connection:
            row = connection.execute(
                "SELECT count(*) FROM event_store.events WHERE position > %s", (start,)
            ).fetchone()
    assert row is not None
    if len(seen) != row[0] or seen != sorted(set(seen)):
        raise AssertionError(f"The tail saw {len(seen)} of {row[0]} events.")
    return measured


def stock_with_tail(url: str) -> float:
    """Appends a second of the stock recorder, while a subscription follows."""
    recorder, seen = stock_recorder(url, 2), list[int]()
    start = recorder.max_notification_id() or 0
    subscription = recorder.subscribe(gt=start)
    tail = threading.Thread(target=lambda: seen.extend(each.id for each in subscription))
    tail.start()
    measured = rate(url, stock)
    last = recorder.max_notification_id() or 0
    while not seen or seen[-1] < last:
        time.sleep(0.005)
    subscription.stop()
    tail.join()
    recorder.datastore.close()
    if seen != list(range(start + 1, last + 1)):
        raise AssertionError(f"The subscription saw {len(seen)} of {last - start} events.")
    return measured


def _follow(reader: Reader, position: int, done: threading.Event, seen: list[int]) -> None:
    while True:
        finished = done.wait(LOOK)
        while records := reader.read(position, PAGE):
            seen.extend(record.position for record in records)
            position = seen[-1]
            if len(records) < PAGE:
                break
        if finished and not records:
            return


def rate(url: str, contender: Callable[[str], Iterator[Append]], seconds: float = SECONDS) -> float:
    """Appends a second by all writers together, who write for so long."""
    context = multiprocessing.get_context("spawn")
    barrier, counts = context.Barrier(PROCESSES), context.SimpleQueue()
    workers = [
        context.Process(
            target=_work, args=(url, contender.__name__, index, seconds, barrier, counts)
        )
        for index in range(PROCESSES)
    ]
    for worker in workers:
        worker.start()
    total = sum(counts.get() for _ in workers)
    for worker in workers:
        worker.join()
    return float(total) / seconds


def _work(
    url: str, contender: str, process: int, seconds: float, barrier: Barrier, counts: Any
) -> None:
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[process % len(cores)]})
    totals = [0] * THREADS
    with contextmanager(CONTENDERS[contender])(url) as append:

        def write(index: int) -> None:
            stream_id, until = uuid4(), time.perf_counter() + seconds
            for version in count(1):
                if time.perf_counter() >= until:
                    return
                append(stream_id, version)
                totals[index] = version

        append(uuid4(), 1)
        barrier.wait()
        threads = [threading.Thread(target=write, args=(index,)) for index in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    counts.put(sum(totals))


def stock(url: str) -> Iterator[Append]:
    """The recorder that the library brings along."""
    recorder = stock_recorder(url, THREADS)
    yield lambda id, version: _ignore(
        recorder.insert_events([StoredEvent(id, version, TYPE, DATA)])
    )
    recorder.datastore.close()


def ours(url: str) -> Iterator[Append]:
    """The recorder of the event store."""
    recorder = Recorder(_datastore(url, THREADS))
    yield lambda id, version: _ignore(
        recorder.insert_events([StoredEvent(id, version, TYPE, DATA)], metadata=METADATA)
    )
    recorder.datastore.close()


def bare(url: str) -> Iterator[Append]:
    """One INSERT of the same row, with a position that costs nothing."""
    positions = count(uuid4().int >> 66)
    data, metadata = DATA.decode(), METADATA.decode()
    with ConnectionPool(
        url, min_size=THREADS, max_size=THREADS, kwargs={"autocommit": True}
    ) as pool:

        def append(id: UUID, version: int) -> None:
            values = (next(positions), id, "enrollment", version, TYPE, data, metadata)
            with pool.connection() as connection:
                connection.execute(BARE_INSERT, values, prepare=True)

        yield append


CONTENDERS: dict[str, Callable[[str], Iterator[Append]]] = {
    "stock": stock,
    "ours": ours,
    "bare": bare,
}


def stock_recorder(url: str, connections: int) -> PostgresApplicationRecorder:
    recorder = PostgresApplicationRecorder(_datastore(url, connections))
    recorder.datastore.register_type_adapters()
    return recorder


def _datastore(url: str, connections: int) -> PostgresDatastore:
    parts = conninfo_to_dict(url)
    return PostgresDatastore(
        dbname=str(parts["dbname"]),
        host=str(parts["host"]),
        port=str(parts["port"]),
        user=str(parts["user"]),
        password=str(parts.get("password", "")),
        pool_size=connections,
    )


def _ignore(_: object) -> None:
    return None
