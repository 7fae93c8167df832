"""Loads a long stretch of the log straight from Postgres."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from itertools import islice
from pathlib import Path
from typing import Final

import duckdb
import msgspec
import psycopg
from psycopg.abc import Buffer
from psycopg.rows import class_row

from event_store.record import Record
from event_store.recorder import SETTLED
from projections.analytics.writer import BadBatch, Writer

logger = logging.getLogger(__name__)

# Events in one transaction: more is no faster and takes more memory.
BATCH: Final = 20_000
_PAGE: Final = 1_000

_WHERE = f"FROM event_store.events WHERE position > %s AND position < {SETTLED} ORDER BY position"
_COPY = f"""
COPY (
    SELECT position, stream_id, stream_type, version, type, data, metadata,
        recorded_at AT TIME ZONE 'UTC'
    {_WHERE}
) TO STDOUT (FORMAT csv)
"""
_PAGE_OF_LOG = f"""
SELECT position, stream_id, stream_type, version, type, convert_to(data::text, 'UTF8') AS data,
    convert_to(metadata::text, 'UTF8') AS metadata, recorded_at
{_WHERE} LIMIT %s
"""


class _Copied(msgspec.Struct, frozen=True):
    file: Path
    rows: int


def catch_up(writer: Writer, conninfo: str, file: Path, batch: int = BATCH) -> Iterator[int]:
    """Loads the log up to its settled end; yields the number of events after each batch.

    Batches pass through two files named like `file`, which DuckDB must be allowed to read. Raises
    `psycopg.OperationalError`; going on later is safe.
    """
    while True:
        before = writer.position
        try:
            for copied in _copies(conninfo, before, file, batch):
                yield from _load(writer, conninfo, copied)
        except duckdb.OutOfMemoryException:
            if batch < _PAGE:
                raise
            batch //= 2
            logger.warning("events are large here: going on with %d at a time", batch)
        else:
            if writer.position == before:
                return


def _load(writer: Writer, conninfo: str, copied: _Copied) -> Iterator[int]:
    try:
        yield writer.load_csv(copied.file)
    except BadBatch as error:
        logger.warning("sorting out a batch of %d events: %s", copied.rows, error)
        yield from _page_by_page(writer, conninfo, copied.rows)


def _copies(conninfo: str, after: int, file: Path, batch: int) -> Iterator[_Copied]:
    """The log in files; while one is being loaded, the next is written."""
    files = [file.with_name(f"{file.name}.{number}") for number in range(2)]
    try:
        with (
            psycopg.connect(conninfo) as postgres,
            postgres.cursor() as cursor,
            ThreadPoolExecutor(max_workers=1) as ahead,
            cursor.copy(_COPY, (after,)) as rows,
        ):
            blocks = iter(rows)
            coming = ahead.submit(_write, blocks, files[0], batch)
            while (copied := coming.result()).rows:
                files.reverse()
                coming = ahead.submit(_write, blocks, files[0], batch)
                try:
                    yield copied
                finally:
                    wait([coming])
    finally:
        for written in files:
            written.unlink(missing_ok=True)


def _write(blocks: Iterator[Buffer], file: Path, limit: int) -> _Copied:
    """Writes up to `limit` rows; Postgres sends each as a block of its own."""
    rows = 0
    with file.open("wb") as out:
        for block in islice(blocks, limit):
            out.write(block)
            rows += 1
    return _Copied(file, rows)


def _page_by_page(writer: Writer, conninfo: str, count: int) -> Iterator[int]:
    with psycopg.connect(conninfo, autocommit=True) as postgres:
        while count > 0:
            cursor = postgres.cursor(row_factory=class_row(Record), binary=True)
            page = min(count, _PAGE)
            records = cursor.execute(_PAGE_OF_LOG, (writer.position, page)).fetchall()
            writer.load(records)
            count -= page
            yield len(records)
