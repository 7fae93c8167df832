"""Loads a long stretch of the log straight from Postgres."""

import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

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


def catch_up(writer: Writer, conninfo: str, folder: Path, batch: int = BATCH) -> Iterator[int]:
    """Loads the log up to its settled end; yields the number of events after each batch.

    A batch passes through a file in `folder`, which DuckDB must be allowed to read. Raises
    `psycopg.OperationalError`; going on later is safe.
    """
    with (
        psycopg.connect(conninfo, autocommit=True) as postgres,
        tempfile.TemporaryDirectory(dir=folder, prefix="catch-up-") as inside,
    ):
        file = Path(inside) / "events.csv"
        while copied := _copy(postgres, writer.position, batch, file):
            try:
                yield writer.load_csv(file)
            except BadBatch as error:
                logger.warning("sorting out a batch of %s events: %s", copied, error)
                yield from _page_by_page(postgres, writer, copied)


def _copy(postgres: psycopg.Connection[Any], after: int, limit: int, file: Path) -> int:
    with (
        postgres.cursor() as cursor,
        file.open("wb") as out,
        cursor.copy(_COPY, (after, limit)) as rows,
    ):
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
