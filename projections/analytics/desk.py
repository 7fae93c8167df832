"""Where questions are answered, once there is something to answer them from."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from projections.analytics.query_log import QueryLog
from projections.analytics.sandbox import QueryRefused, Result, Sandbox
from projections.analytics.warehouse import Warehouse


class NotReady(Exception):
    """The warehouse is still being loaded, or another process has it."""


class Desk:
    """What the HTTP service asks. Thread-safe."""

    def __init__(self, log: QueryLog) -> None:
        self.log = log
        self._warehouse: Warehouse | None = None
        self._sandbox: Sandbox | None = None

    def open(self, warehouse: Warehouse) -> None:
        """From now on questions are answered from this one, which must be locked down."""
        self._sandbox = Sandbox(warehouse)
        self._warehouse = warehouse

    def close(self) -> None:
        """No more answers, until it is opened again."""
        self._warehouse = self._sandbox = None

    @property
    def is_open(self) -> bool:
        return self._warehouse is not None

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection for one report, in one read-only snapshot. Raises `NotReady`."""
        if self._warehouse is None:
            raise NotReady("Analytics is still being loaded.")
        cursor = self._warehouse.cursor()
        try:
            cursor.execute("BEGIN TRANSACTION READ ONLY")
            yield cursor
        finally:
            cursor.close()

    def query(self, query: str, by: str, *, timeout_s: float, max_rows: int) -> Result:
        """Runs an analyst's SQL, and notes who asked. Raises what `Sandbox.query` raises."""
        if self._sandbox is None:
            raise NotReady("Analytics is still being loaded.")
        try:
            result = self._sandbox.query(query, timeout_s=timeout_s, max_rows=max_rows)
        except QueryRefused as refused:
            self.log.add("http", by, query, str(refused))
            raise
        self.log.add("http", by, query, None)
        return result
