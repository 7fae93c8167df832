"""Runs analysts' SQL in the analytics process: reading only, for a limited time."""

import threading
from typing import Any

import duckdb
import msgspec

from projections.analytics.only_select import OnlySelect
from projections.analytics.warehouse import Warehouse


class QueryRefused(Exception):
    """The query is not one harmless SELECT, or DuckDB can't run it; the message says why."""


class QueryTookTooLong(Exception):
    """The query was stopped at its time limit."""


class QueryTooLarge(Exception):
    """The query needs more memory than it may have."""


class Result(msgspec.Struct, frozen=True):
    """Rows as Python values; `truncated` when there were more than asked for."""

    columns: list[str]
    types: list[str]
    rows: list[tuple[Any, ...]]
    truncated: bool


class Sandbox:
    """Thread-safe: each query runs on a cursor of its own, in a read-only transaction.

    The warehouse must be locked down (`quack.lock_down`) before the first query.
    """

    def __init__(self, warehouse: Warehouse, *, at_once: int = 4) -> None:
        self._warehouse = warehouse
        self._only_select = OnlySelect()
        self._slots = threading.BoundedSemaphore(at_once)

    def query(self, query: str, *, timeout_s: float = 10, max_rows: int = 10_000) -> Result:
        """The result of one SELECT.

        Raises `QueryRefused`, `QueryTookTooLong` (also when no slot gets free in time) or
        `QueryTooLarge`.
        """
        refusal = self._only_select.refusal(query)
        if refusal is not None:
            raise QueryRefused(refusal)
        if not self._slots.acquire(timeout=timeout_s):
            raise QueryTookTooLong("Too many queries are running; try again later.")
        try:
            return self._run(query, timeout_s, max_rows)
        finally:
            self._slots.release()

    def _run(self, query: str, timeout_s: float, max_rows: int) -> Result:
        cursor = self._warehouse.cursor()
        alarm = threading.Timer(timeout_s, cursor.interrupt)
        alarm.start()
        try:
            cursor.execute("BEGIN TRANSACTION READ ONLY")
            return _fetch(cursor.sql(query), max_rows)
        except duckdb.InterruptException as error:
            raise QueryTookTooLong(f"Stopped after {timeout_s:g} seconds.") from error
        except duckdb.OutOfMemoryException as error:
            raise QueryTooLarge("This query needs more memory than it may have.") from error
        except duckdb.Error as error:
            raise QueryRefused(str(error)) from error
        finally:
            alarm.cancel()
            cursor.close()


def _fetch(relation: duckdb.DuckDBPyRelation | None, max_rows: int) -> Result:
    if relation is None:
        raise QueryRefused("Exactly one SELECT statement is allowed.")
    columns, types = relation.columns, [str(kind) for kind in relation.types]
    # By number, because two columns may have the same name; a time with its zone as text, because
    # Python has no such type without a further package.
    picked = ", ".join(
        f"CAST(#{number} AS VARCHAR)" if "TIME ZONE" in kind else f"#{number}"
        for number, kind in enumerate(types, start=1)
    )
    rows = relation.project(picked).limit(max_rows + 1).fetchall()
    return Result(columns, types, rows[:max_rows], len(rows) > max_rows)
