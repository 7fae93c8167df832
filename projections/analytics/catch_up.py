"""Loads a long stretch of the log straight from Postgres."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import duckdb
import psycopg
from psycopg.rows import class_row

from event_store.record import Record
from event_store.recorder import SETTLED
from projections.analytics.writer import BadBatch, Writer

logger = logging.getLogger(__name__)

# Events in one transaction: more is no faster and takes more memory.
BATCH: Final = 25_000
_PAGE: Final = 1_000

_WHERE = f"FROM event_store.events WHERE position > %s AND position < {SETTLED} ORDER BY position"
_COPY = f"""
COPY (
    SELECT position, stream_id, stream_type, version, type, data, metadata,
        recorded_at AT TIME ZONE 'UTC'
    {_WHERE} LIMIT %s
) TO STDOUT (FORMAT csv)
"""
_PAGE_OF_LOG = f"""
SELECT position, stream_id, stream_type, version, type, convert_to(data::text, 'UTF8') AS data,
    convert_to(metadata::text, 'UTF8') AS metadata, recorded_at
{_WHERE} LIMIT %s
"""


def catch_up(writer: Writer, conninfo: str, file: Path, batch: int = BATCH) -> Iterator[int]:
    """Loads the log up to its settled end; yields the number of events after each batch.

    A batch passes through `file`, which DuckDB must be allowed to read. Raises
    `psycopg.OperationalError`; going on later is safe.
    """
    with psycopg.connect(conninfo, autocommit=True) as postgres:
        try:
            while copied := _copy(postgres, writer.position, batch, file):
                try:
                    yield writer.load_csv(file)
                except duckdb.OutOfMemoryException:
                    if batch < _PAGE:
                        raise
                    batch //= 2
                    logger.warning("events are large here: going on with %d at a time", batch)
                except BadBatch as error:
                    logger.warning("sorting out a batch of %s events: %s", copied, error)
                    yield from _page_by_page(postgres, writer, copied)
        finally:
            file.unlink(missing_ok=True)


def _copy(postgres: psycopg.Connection[Any], after: int, limit: int, file: Path) -> int:
    with postgres.cursor() as cursor:
        with file.open("wb") as out, cursor.copy(_COPY, (after, limit)) as rows:
            for block in rows:
                out.write(block)
        return cursor.rowcount


def _page_by_page(postgres: psycopg.Connection[Any], writer: Writer, count: int) -> Iterator[int]:
    loaded = 0
    while loaded < count:
        cursor = postgres.cursor(row_factory=class_row(Record), binary=True)
        records = cursor.execute(_PAGE_OF_LOG, (writer.position, _PAGE)).fetchall()
        if not records:
            return
        loaded += writer.load(records)
        yield len(records)
