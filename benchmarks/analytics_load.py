"""Loads a million events into DuckDB straight from Postgres, then follows it in small batches."""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec
import psycopg
from psycopg_pool import ConnectionPool

from benchmarks.analytics_events import History
from benchmarks.measure import Result
from benchmarks.servers import a_database
from event_store.epoch import set_epoch
from event_store.reader import Reader
from projections.analytics import process
from projections.analytics.catch_up import catch_up
from projections.analytics.warehouse import Warehouse
from projections.analytics.writer import Writer

EVENTS, TARGET, LARGEST, SLOWEST = 1_000_000, 50_000, 300, 500
LIVE, BATCH = 10_000, 500


class Loaded(msgspec.Struct, frozen=True):
    """What the loading process tells: of catching up, and of the batches after that."""

    events: int
    seconds: float
    cpu_seconds: float
    megabytes: int
    slowest_ms: float
    live_rate: float


def run(events: int = EVENTS) -> list[Result]:
    """Measures; takes a minute or two, half of it to write the history."""
    with a_database() as url, tempfile.TemporaryDirectory() as folder:
        _write(url, events + LIVE)
        loader = [sys.executable, "-m", "benchmarks.analytics_load", url, folder, str(events)]
        told = subprocess.run(loader, check=True, stdout=subprocess.PIPE).stdout
    return _results(msgspec.json.decode(told, type=Loaded))


def load(url: str, folder: Path, events: int) -> Loaded:
    """Is the analytics process, as far as loading goes."""
    warehouse = Warehouse(folder / "analytics.duckdb")
    writer = Writer(warehouse.cursor())
    started, worked = time.perf_counter(), time.process_time()
    loaded = 0
    for more in catch_up(writer, url, folder / "events.csv"):
        loaded += more
        if loaded >= events:
            break
    seconds, cpu = time.perf_counter() - started, time.process_time() - worked
    batches = _follow(writer, url)
    warehouse.close()
    return Loaded(
        events=loaded,
        seconds=seconds,
        cpu_seconds=cpu,
        megabytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        slowest_ms=max(batches) * 1000,
        live_rate=BATCH * len(batches) / sum(batches),
    )


def _follow(writer: Writer, url: str) -> list[float]:
    """Seconds for each batch of the events that come after the bulk."""
    batches = []
    with ConnectionPool(url, min_size=1) as pool:
        reader = Reader(pool)
        while len(records := reader.read(writer.position, BATCH)) == BATCH:
            started = time.perf_counter()
            writer.load(records)
            batches.append(time.perf_counter() - started)
    return batches


def _write(url: str, events: int) -> None:
    history = History(people=10_000, courses=200)
    with psycopg.connect(url, autocommit=True) as connection:
        set_epoch(connection, 1 << 30)
        with connection.cursor().copy("COPY event_store.events FROM STDIN") as rows:
            for row in history.rows(events):
                rows.write_row(row)
        connection.execute("ANALYZE event_store.events")


def _results(loaded: Loaded) -> list[Result]:
    rate = loaded.events / loaded.seconds
    return [
        Result(
            what=f"load of {loaded.events:,} events into DuckDB, star schema and all",
            target=f"≥ {TARGET:,} events/s",
            measured=f"{rate:,.0f} events/s",
            met=rate >= TARGET,
            detail=f"{loaded.seconds:.1f} s, {loaded.cpu_seconds:.1f} s of CPU,"
            f" load average {os.getloadavg()[0]:.1f}",
        ),
        Result(
            what="memory of the process that loads them",
            target=f"≤ {LARGEST} MB",
            measured=f"{loaded.megabytes} MB",
            met=loaded.megabytes <= LARGEST,
            detail="peak, with all of the analytics process imported",
        ),
        Result(
            what=f"slowest of {LIVE // BATCH - 1} live batches of {BATCH} events after that",
            target=f"≤ {SLOWEST} ms",
            measured=f"{loaded.slowest_ms:.0f} ms",
            met=loaded.slowest_ms <= SLOWEST,
            detail=f"{loaded.live_rate:,.0f} events/s",
        ),
    ]


if __name__ == "__main__":
    assert process.__name__, "imported for its memory"
    outcome = load(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
    sys.stdout.buffer.write(msgspec.json.encode(outcome))
