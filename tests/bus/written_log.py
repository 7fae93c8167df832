"""A log to write to while the bus reads it."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import psycopg
from psycopg_pool import ConnectionPool

from event_store.reader import Reader
from event_store.record import Record
from event_store.recorder import insert_sql


class WrittenLog:
    """The log of a database, and the means to append to it from any thread."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._pool: ConnectionPool[psycopg.Connection[Any]] = ConnectionPool(
            url, min_size=1, max_size=4, timeout=2, kwargs={"autocommit": True}, open=True
        )
        self._reader = Reader(self._pool)
        self._lock = threading.Lock()
        self.reads = 0

    def close(self) -> None:
        self._pool.close()

    def append(
        self, count: int = 1, *, type: str = "course.published.v1", data: str = "{}"
    ) -> list[int]:
        """Append `count` events, each in its own stream, in one transaction; their positions."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            return append(connection, count, type=type, data=data)

    def read(
        self,
        after: int,
        limit: int,
        types: Sequence[str] | None = None,
        upto: int | None = None,
    ) -> list[Record]:
        with self._lock:
            self.reads += 1
        return self._reader.read(after, limit, types, upto)

    def last(self) -> int:
        return self._reader.last()

    def end(self) -> int:
        """The position of the last event, even if it isn't settled yet.

        `last` may lag behind: Postgres's own housekeeping writes, too.
        """
        with psycopg.connect(self.url) as connection:
            row = connection.execute("SELECT max(position) FROM event_store.events").fetchone()
        assert row is not None
        return int(row[0])

    def everything(self) -> list[Record]:
        """All records, once all are settled."""
        end, deadline = self.end(), time.monotonic() + 20
        while self.last() < end:
            assert time.monotonic() < deadline
            time.sleep(0.001)
        return self._reader.read(0, 1_000_000)

    @property
    def positions(self) -> list[int]:
        return [record.position for record in self.everything()]


def append(
    connection: psycopg.Connection[Any],
    count: int,
    *,
    type: str = "course.published.v1",
    data: str = '{"title":"Rust für Ängstliche"}',
) -> list[int]:
    metadata = '{"correlation_id":"6f8a0f6a-4b8e-4f0e-9d7c-0a2f6d3b7c11","reason":"grüß\\n"}'
    params: list[Any] = []
    for _ in range(count):
        params += [uuid4(), type.partition(".")[0], 1, type, data, metadata]
    return [row[0] for row in connection.execute(insert_sql(count), params).fetchall()]
