"""What sealing costs appends, how soon events are sealed, and how fast the log is verified.

Appends are those of `benchmarks.append`, 16 writers at full speed, with the sealer's process at
work and without, in turn, so that a noisy machine is equally noisy for both; for so long that what
the sealer still has to do when they stop weighs little. How soon: of every
event of rounds of their own, from its commit to a checkpoint that covers it, as others see it;
looking for that so often takes a tenth of the appends, which is not the sealer's doing.
"""

import bisect
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import psycopg

from benchmarks.append import DATA, METADATA, TYPE, WRITERS, ours, rate
from benchmarks.measure import Result
from benchmarks.servers import a_process, a_system
from event_store.recorder import POSITION
from event_store.seals.verdict import Verdict
from lms.sealing import verify_live
from lms.settings import Settings

ROUNDS, SECONDS, WATCHED_ROUNDS = 8, 10.0, 3
HISTORY = 400_000
LEAST_RATIO, LONGEST, LEAST_PACE = 0.95, 2.0, 50_000
_FILL = f"""
INSERT INTO event_store.events (position, stream_id, stream_type, version, type, data, metadata)
SELECT {POSITION} | n,
    gen_random_uuid(), 'enrollment', 1, %s, %s::json, %s::json FROM generate_series(0, 49999) AS n
"""
_DELAYS = """
SELECT number, recorded_at FROM seals.leaves JOIN event_store.events USING (position)
WHERE number >= %s ORDER BY number
"""


def run() -> list[Result]:
    """Measures; takes some four minutes."""
    with a_system() as settings:
        with_sealer, without = _rounds(settings)
        delays = _delays(settings)
        _fill(settings)
        verdicts = [_verified(settings) for _ in range(3)]
    ratios = [on / off for on, off in zip(with_sealer, without, strict=True)]
    return [_appends(ratios, with_sealer, without), _soon(delays), _pace(verdicts)]


def _rounds(settings: Settings) -> tuple[list[float], list[float]]:
    with_sealer, without = [], []
    for number in range(ROUNDS):
        for on in (True, False) if number % 2 else (False, True):
            if not on:
                without.append(rate(settings.write_database_url, ours, SECONDS))
                continue
            with _sealer(settings):
                _caught_up(settings)
                with_sealer.append(rate(settings.write_database_url, ours, SECONDS))
                _caught_up(settings)
    return with_sealer, without


def _delays(settings: Settings) -> list[float]:
    delays: list[float] = []
    for _ in range(WATCHED_ROUNDS):
        with _sealer(settings), Sightings(settings) as sightings:
            first = _caught_up(settings)
            rate(settings.write_database_url, ours)
            _caught_up(settings)
        delays += sightings.delays(first)
    return delays


@contextmanager
def _sealer(settings: Settings) -> Iterator[None]:
    with a_process(["-m", "lms", "run", "sealer"], settings.environment()):
        yield


def _caught_up(settings: Settings) -> int:
    """How many events are signed, once all are."""
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        while True:
            row = connection.execute(
                "SELECT (SELECT count(*) FROM event_store.events),"
                " (SELECT coalesce(max(size), 0) FROM seals.checkpoints)"
            ).fetchone()
            assert row is not None
            if row[0] == row[1]:
                return int(row[1])
            time.sleep(0.2)


class Sightings:
    """When which size was first seen to be signed, by the clock of the database."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.database_url
        self._sizes: list[int] = []
        self._times: list[datetime] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> "Sightings":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def delays(self, first: int) -> list[float]:
        """Seconds from the commit of each event with this number or a later one to its seal."""
        with psycopg.connect(self._url) as connection:
            rows = connection.execute(_DELAYS, (first,)).fetchall()
        found = []
        for number, recorded_at in rows:
            seen = self._times[bisect.bisect_right(self._sizes, number)]
            found.append((seen - recorded_at).total_seconds())
        return found

    def _look(self) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            while not self._stop.wait(0.005):
                row = connection.execute(
                    "SELECT clock_timestamp(), coalesce(max(size), 0) FROM seals.checkpoints"
                ).fetchone()
                assert row is not None
                if not self._sizes or row[1] > self._sizes[-1]:
                    self._times.append(row[0])
                    self._sizes.append(row[1])


def _fill(settings: Settings) -> None:
    """More history, all of it sealed."""
    with psycopg.connect(settings.database_url, autocommit=True) as owner:
        for _ in range(HISTORY // 50_000):
            owner.execute(_FILL, (TYPE, DATA.decode(), METADATA.decode()))
        owner.execute("VACUUM (ANALYZE) event_store.events")
    with _sealer(settings):
        _caught_up(settings)


def _verified(settings: Settings) -> Verdict:
    verdict = verify_live(settings)
    assert verdict.holds, verdict.problems
    assert verdict.sealed == verdict.events
    return verdict


def _appends(ratios: list[float], with_sealer: list[float], without: list[float]) -> Result:
    ratio = statistics.median(ratios)
    on, off = statistics.median(with_sealer), statistics.median(without)
    spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
    return Result(
        what=f"append, {WRITERS} writers, with the sealer at work to without",
        target=f"≥ {LEAST_RATIO} ×",
        measured=f"{ratio:.2f} ×",
        met=ratio >= LEAST_RATIO,
        detail=f"with {on:,.0f}/s, without {off:,.0f}/s; {ROUNDS} rounds of {SECONDS:g} s,"
        f" {spread}",
    )


def _soon(delays: list[float]) -> Result:
    ordered = sorted(delays)
    p50, p99 = (ordered[int(len(ordered) * share)] for share in (0.50, 0.99))
    return Result(
        what=f"from commit to sealed and signed, while {WRITERS} writers append (p99)",
        target=f"< {LONGEST:g} s",
        measured=f"{p99:.2f} s",
        met=p99 < LONGEST,
        detail=f"{len(ordered):,} events, p50 {p50:.2f} s, worst {ordered[-1]:.2f} s",
    )


def _pace(verdicts: list[Verdict]) -> Result:
    pace = statistics.median(verdict.events / verdict.seconds for verdict in verdicts)
    last = verdicts[-1]
    return Result(
        what=f"verify a log of {last.events:,} events against its seals",
        target=f"≥ {LEAST_PACE:,} events/s",
        measured=f"{pace:,.0f} events/s",
        met=pace >= LEAST_PACE,
        detail=f"{last.seconds:.1f} s, {last.checkpoints} checkpoints",
    )
