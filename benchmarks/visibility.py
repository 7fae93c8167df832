"""From commit to visible in a read model, while 200 commands a second come in over HTTP."""

import asyncio
import bisect
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack

import httpx
import msgspec
import psycopg
import uvloop

from benchmarks.measure import Result
from benchmarks.memory import resident_megabytes
from benchmarks.servers import a_process, a_system
from benchmarks.world import Learning, learners_at_work
from lms.composition import command_side
from lms.settings import Settings

RATE, SECONDS, WARM_UP = 200, 20, 5
TARGET_MS = 100
LARGEST_MB = 300
PROCESSES = ("write-api", "relay", "projector")
READ_MODEL = "enrollment"

Commit = tuple[float, int]
"""When a command was answered (which is after its commit), and its position."""


def run() -> list[Result]:
    """Measures; takes half a minute."""
    with a_system() as settings, ExitStack() as stack:
        with command_side(settings) as side:
            learning = learners_at_work(settings, side, 50)
        ports = {"write-api": settings.write_api_port}
        processes = {
            name: stack.enter_context(
                a_process(["-m", "lms", "run", name], settings.environment(), ports.get(name))
            )
            for name in PROCESSES
        }
        with Sightings(settings) as sightings:
            commits = uvloop.run(_send(settings, learning))
            sightings.wait_for(commits[-1][1])
        sizes = {name: resident_megabytes(process.pid) for name, process in processes.items()}
    return [_latency(commits, sightings), _largest(sizes)]


def _latency(commits: Sequence[Commit], sightings: "Sightings") -> Result:
    delays = sorted(max(0.0, sightings.first(position) - at) for at, position in commits)
    p50, p99 = (delays[int(len(delays) * share)] * 1000 for share in (0.50, 0.99))
    return Result(
        what=f"from commit to visible in a read model, at {RATE} commands/s (p99)",
        target=f"< {TARGET_MS} ms",
        measured=f"{p99:.0f} ms",
        met=p99 < TARGET_MS,
        detail=f"{len(delays):,} commands, p50 {p50:.0f} ms, worst {delays[-1] * 1000:.0f} ms",
    )


def _largest(sizes: dict[str, float]) -> Result:
    largest = max(sizes.values())
    return Result(
        what="resident memory of the largest of " + ", ".join(sizes) + " after that",
        target=f"< {LARGEST_MB} MB",
        measured=f"{largest:.0f} MB",
        met=largest < LARGEST_MB,
        detail=", ".join(f"{name} {size:.0f} MB" for name, size in sizes.items()),
    )


async def _send(settings: Settings, learning: Sequence[Learning]) -> list[Commit]:
    """Sends at a steady rate, however long answers take; returns what came after warming up."""
    commits: list[Commit] = []
    url = f"http://127.0.0.1:{settings.write_api_port}"
    async with httpx.AsyncClient(base_url=url, timeout=30) as client, asyncio.TaskGroup() as tasks:
        started = time.monotonic()
        for number in range(RATE * (SECONDS + WARM_UP)):
            await asyncio.sleep(max(0.0, started + number / RATE - time.monotonic()))
            tasks.create_task(_command(client, learning[number % len(learning)], commits))
    return commits[RATE * WARM_UP :]


async def _command(client: httpx.AsyncClient, each: Learning, commits: list[Commit]) -> None:
    body = {"enrollment_id": each.enrollment_id, "lesson_id": each.lesson_id, "percent": 40}
    answer = await client.patch(
        "/progress",
        content=msgspec.json.encode(body | {"seconds": 1}),
        headers={"Authorization": f"Bearer {each.token}", "Content-Type": "application/json"},
    )
    answer.raise_for_status()
    commits.append((time.monotonic(), int(answer.headers["Lms-Position"])))


class Sightings:
    """Looks at the read model's position all the time, and remembers when it saw which."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.read_database_url
        self._times: list[float] = []
        self._positions: list[int] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> "Sightings":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def wait_for(self, position: int, deadline: float = 30.0) -> None:
        """Returns once the read model has reached the position."""
        limit = time.monotonic() + deadline
        while not self._positions or self._positions[-1] < position:
            if time.monotonic() > limit:
                raise TimeoutError(f"The read model has not reached {position}.")
            time.sleep(0.01)

    def first(self, position: int) -> float:
        """When the read model was first seen at or beyond the position."""
        return self._times[bisect.bisect_left(self._positions, position)]

    def _look(self) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            while not self._stop.is_set():
                row = connection.execute(
                    "SELECT position FROM projections.position WHERE name = %s AND state = 'live'",
                    (READ_MODEL,),
                    prepare=True,
                ).fetchone()
                if row and (not self._positions or row[0] > self._positions[-1]):
                    self._times.append(time.monotonic())
                    self._positions.append(row[0])
                self._stop.wait(0.001)
