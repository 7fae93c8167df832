"""Commands a second over HTTP: `PATCH /progress` of the write API, and of a bare Litestar handler
that checks a JWT and does one INSERT, on one Postgres, under one load, in turn."""

import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from uuid import UUID

import msgspec
import psycopg
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from benchmarks.load import Load, load, request
from benchmarks.measure import Result
from benchmarks.servers import a_process, a_system
from benchmarks.world import Learning, learners_at_work
from lms.composition import command_side
from lms.data_folder import free_port
from lms.settings import Settings

CONNECTIONS, SECONDS, ROUNDS = 32, 4.0, 5
TARGET = 0.5


def run() -> list[Result]:
    """Measures; takes about a minute."""
    with a_system() as settings, _servers(settings) as (learning, bare_port):
        requests = [
            request("PATCH", "/progress", each.token, _body(each.enrollment_id, each.lesson_id))
            for each in learning
        ]
        ports = {"ours": settings.write_api_port, "bare": bare_port}
        loads: dict[str, list[Load]] = {name: [] for name in ports}
        for _ in range(ROUNDS):
            for name, port in ports.items():
                loads[name].append(load(port, requests, SECONDS))
    return [_compared(loads)]


def _compared(loads: dict[str, list[Load]]) -> Result:
    for each in chain.from_iterable(loads.values()):
        if set(each.statuses) != {200}:
            raise AssertionError(f"Not all answers were 200: {each.statuses}")
    ratio = statistics.median(
        ours.rate / bare.rate for ours, bare in zip(loads["ours"], loads["bare"], strict=True)
    )
    return Result(
        what="HTTP command (`PATCH /progress`), to a bare handler with a JWT and one INSERT",
        target=f"≥ {TARGET:g} ×",
        measured=f"{ratio:.2f} ×",
        met=ratio >= TARGET,
        detail=", ".join(
            f"{name} {statistics.median(each.rate for each in rounds):,.0f}/s"
            f" (p99 {statistics.median(each.percentile(99) for each in rounds) * 1000:.0f} ms)"
            for name, rounds in loads.items()
        ),
    )


def _body(enrollment_id: UUID, lesson_id: UUID) -> bytes:
    return msgspec.json.encode(
        {"enrollment_id": enrollment_id, "lesson_id": lesson_id, "percent": 40, "seconds": 1}
    )


@contextmanager
def _servers(settings: Settings) -> Iterator[tuple[list[Learning], int]]:
    with psycopg.connect(settings.database_url, autocommit=True) as owner:
        owner.execute("CREATE TABLE bare_progress (id uuid PRIMARY KEY, learner uuid, data json)")
    with command_side(settings) as side:
        learning = learners_at_work(settings, side, CONNECTIONS)
        public_key = (
            side.signing_keys.active()
            .private_key.public_key()
            .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            .decode()
        )
    port = free_port()
    bare = {"PORT": str(port), "PUBLIC_KEY": public_key, "DATABASE_URL": settings.database_url}
    ours = settings.environment()
    with (
        a_process(["-m", "lms", "run", "write-api"], ours, settings.write_api_port),
        a_process(["-m", "benchmarks.bare_app"], bare, port),
    ):
        yield learning, port
