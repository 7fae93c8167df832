"""Rebuilds every Postgres read model from a large history, two at a time."""

import resource
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg_pool import ConnectionPool

from benchmarks.learning import write
from benchmarks.measure import Result
from benchmarks.servers import a_database
from domain.catalogue import AGGREGATES
from event_store.event_type import EventTypes
from event_store.keys import PersonalKeys
from event_store.mapper import Mapper
from lms.settings import as_role
from projections.catalogue import PROJECTIONS, named
from projections.rebuild_all import rebuild_all
from projections.source import open_source
from projections.verify import verify
from tests.servers.postgres import PASSWORD

EVENTS, TARGET, LARGEST, LONGEST = 1_000_000, 10_000, 300, 100
KEY = bytes(range(32))
PROVED = ("learner", "attempt")
_OLDEST = """
SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0) * 1000
FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND application_name LIKE 'projector %'
"""


def run(events: int = EVENTS) -> list[Result]:
    """Measures; takes a few minutes, most of them to write the history."""
    with a_database() as url:
        project_url = as_role(url, "lms_project", PASSWORD)
        written = _history(url, events)
        with longest_hold(url) as hold:
            started = time.perf_counter()
            built = list(rebuild_all([p.name for p in PROJECTIONS], project_url, KEY))
            seconds = time.perf_counter() - started
        _prove(project_url)
    rate = written / seconds
    megabytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    parts = ", ".join(f"{name} {one.events:,} in {one.seconds:.1f} s" for name, one in built)
    return [
        Result(
            what=f"rebuild of all Postgres read models from {written:,} events",
            target=f"≥ {TARGET:,} events/s",
            measured=f"{rate:,.0f} events/s",
            met=rate >= TARGET,
            detail=f"{seconds:.1f} s; {parts}",
        ),
        Result(
            what="memory of the largest process of that rebuild",
            target=f"≤ {LARGEST} MB",
            measured=f"{megabytes} MB",
            met=megabytes <= LARGEST,
            detail="two processes at work",
        ),
        Result(
            what="longest time for which that rebuild holds back readers of the log",
            target=f"≤ {LONGEST} ms",
            measured=f"{hold[0]:.0f} ms",
            met=hold[0] <= LONGEST,
            detail="age of the oldest of its transactions that have written, sampled each 5 ms",
        ),
    ]


@contextmanager
def longest_hold(url: str) -> Iterator[list[float]]:
    """Milliseconds, in a list of one, that any transaction of a projector with an id was open."""
    longest, done = [0.0], threading.Event()

    def watch() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            while not done.wait(0.005):
                row = connection.execute(_OLDEST).fetchone()
                longest[0] = max(longest[0], float(row[0]) if row else 0.0)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield longest
    finally:
        done.set()
        watcher.join()


def _history(url: str, events: int) -> int:
    with ConnectionPool(url, min_size=1, kwargs={"autocommit": True}) as pool:
        mapper = Mapper(EventTypes(AGGREGATES), PersonalKeys(pool, KEY))
        return write(url, mapper, events)


def _prove(project_url: str) -> None:
    with open_source(project_url, KEY) as source:
        for name in PROVED:
            if not verify(named(name), source).holds:
                raise AssertionError(f"{name} differs from history.")
