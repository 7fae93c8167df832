"""Applies the events of the log to all projections, each exactly once."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Final

import msgspec
import psycopg

from bus.consumer import Batch
from projections.connection import Connection, connect
from projections.failure import NOT_THE_EVENT, Fenced
from projections.locks import Busy
from projections.opening import Superseded, open_live
from projections.projection import Projection
from projections.source import Source, Stopped
from projections.track import Track

logger = logging.getLogger(__name__)

_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 5.0


class Runner:
    """Feeds batches to the tracks of all projections.

    A track that fails in any way (its connection is lost, its tables were swapped, somebody else
    moved it) leaves, is opened anew in the background, catches up from the log and joins again;
    the others go on meanwhile. The same way leads in at the start.

    `position` is where the batches begin: everything after it must be passed to `apply`.
    """

    def __init__(self, projections: Iterable[Projection], source: Source) -> None:
        self.position = source.log.last()
        self._stopping = threading.Event()
        self._source = msgspec.structs.replace(source, stopping=self._stopping)
        self._tracks: list[Track] = []
        self._opening: dict[str, Future[Track | None]] = {}
        self._control: Connection | None = None
        chosen = list(projections)
        self._pool = ThreadPoolExecutor(len(chosen) or 1, thread_name_prefix="projection")
        self._turn = threading.Lock()
        for projection in chosen:
            self._open(projection)

    def apply(self, batch: Batch) -> None:
        """Applies the events that follow `position`; returns when all tracks have them or left."""
        with self._turn:
            self._join()
            shared = self._source.entries(batch.records)
            idle = []
            for track in list(self._tracks):
                if track.mine(shared):
                    self._attempt(track, partial(track.apply, shared, batch.position))
                elif track.position < batch.position:
                    idle.append(track)
            self._move(idle, batch.position)
            self.position = batch.position

    def tick(self) -> bool:
        """Lets tracks join that have caught up; to be called now and then when no batch comes.

        Returns whether every projection is being kept up to date, or can't be by this process.
        """
        with self._turn:
            self._join()
            return not self._opening

    def close(self) -> None:
        """Stops, at the latest after the transaction under way."""
        self._stopping.set()
        with self._turn:
            self._pool.shutdown(wait=True, cancel_futures=True)
            for future in self._opening.values():
                if not future.cancelled() and (track := future.result()):
                    track.close()
            for track in self._tracks:
                track.close()
            self._tracks.clear()
            self._drop_control()

    def _open(self, projection: Projection) -> None:
        self._opening[projection.name] = self._pool.submit(self._keep_opening, projection)

    def _keep_opening(self, projection: Projection) -> Track | None:
        """A track that has caught up, however long it takes; `None` when there can be none."""
        pause = _FIRST_PAUSE
        while not self._stopping.is_set():
            try:
                return open_live(projection, self._source)
            except Stopped:
                return None
            except Superseded as error:
                logger.warning("%s This process leaves it alone.", error)
                return None
            except (*NOT_THE_EVENT, Busy) as error:
                logger.warning("%s can't be opened yet: %s", projection.name, error)
            except Exception:
                logger.exception("%s can't be opened", projection.name)
                pause = _LONGEST_PAUSE
            self._stopping.wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
        return None

    def _join(self) -> None:
        for name, future in list(self._opening.items()):
            if not future.done():
                continue
            del self._opening[name]
            track = future.result()
            if track is not None:
                self._tracks.append(track)
                self._attempt(track, partial(self._source.catch_up, track, self.position))

    def _attempt(self, track: Track, work: Callable[[], object]) -> None:
        try:
            work()
        except (*NOT_THE_EVENT, Fenced, Stopped) as error:
            logger.info("%s is opened anew: %s", track.projection.name, error)
            self._leave(track)
        except Exception:
            logger.exception("%s is opened anew", track.projection.name)
            self._leave(track)

    def _leave(self, track: Track) -> None:
        self._tracks.remove(track)
        track.close()
        self._open(track.projection)

    def _move(self, idle: list[Track], upto: int) -> None:
        """Moves all tracks that a batch doesn't concern past it, in one statement."""
        if not idle:
            return
        try:
            moved = self._move_together(idle, upto)
        except psycopg.Error as error:
            logger.info("positions could not be moved: %s", error)
            self._drop_control()
            moved = set()
        for track in idle:
            if track.schema in moved:
                track.moved(upto)
            else:
                self._leave(track)

    def _move_together(self, idle: list[Track], upto: int) -> set[str]:
        if self._control is None:
            self._control = connect(self._source.conninfo)
        rows = self._control.execute(
            "UPDATE projections.position live SET position = %s, updated_at = now()"
            " FROM UNNEST(%s::text[], %s::bigint[]) AS known (SCHEMA, position)"
            " WHERE live.SCHEMA = known.SCHEMA AND live.position = known.position"
            " AND live.state <> 'retired' RETURNING live.SCHEMA",
            (upto, [track.schema for track in idle], [track.position for track in idle]),
        )
        return {schema for (schema,) in rows.fetchall()}

    def _drop_control(self) -> None:
        control, self._control = self._control, None
        if control is not None:
            control.close()


def wait_until_open(runner: Runner, seconds: float) -> None:
    """Blocks until every projection is kept up to date; raises `TimeoutError` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not runner.tick():
        if time.monotonic() > deadline:
            raise TimeoutError("Not all projections could be opened.")
        time.sleep(0.01)
