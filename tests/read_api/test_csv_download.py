"""Lists as files: every page is in them, and nothing in them runs."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import AsyncIterable, Sequence
from datetime import UTC, datetime

import msgspec
import pytest
from litestar.response import Stream

from read_api.csv_download import ROWS_AT_ONCE, csv_of, csv_of_pages, wants_csv


class Row(msgspec.Struct, frozen=True):
    number: int
    text: str | None = None
    at: datetime | None = None
    so: bool | None = None


async def read(stream: Stream) -> list[list[str]]:
    iterator = stream.iterator
    assert isinstance(iterator, AsyncIterable)
    text = "".join([str(part) async for part in iterator])
    return list(csv.reader(text.splitlines()))


async def read_pages(count: int) -> list[list[str]]:
    """The lines of a file of rows with the numbers up to `count`."""

    async def rows_after(after: int | None, most: int) -> Sequence[Row]:
        first = 0 if after is None else after + 1
        return [Row(number) for number in range(first, min(first + most, count))]

    return await read(await csv_of_pages(Row, rows_after, lambda row: row.number, name="rows"))


@pytest.mark.parametrize("count", [0, 3, ROWS_AT_ONCE, 2 * ROWS_AT_ONCE + 1])
def test_a_file_has_all_pages(count: int) -> None:
    lines = asyncio.run(read_pages(count))
    assert lines[0] == ["number", "text", "at", "so"]
    assert [line[0] for line in lines[1:]] == [str(number) for number in range(count)]


def test_cells_are_plain() -> None:
    at = datetime(2026, 3, 31, 23, 59, 59, tzinfo=UTC)
    rows = [Row(1, "=1+1", at, True), Row(-2, 'a "b", c', None, False), Row(3, None)]
    assert asyncio.run(read(csv_of(Row, rows, name="rows")))[1:] == [
        ["1", "'=1+1", "2026-03-31T23:59:59Z", "true"],
        ["-2", 'a "b", c', "", "false"],
        ["3", "", "", ""],
    ]


def test_the_parameter_comes_before_the_header() -> None:
    assert wants_csv(None, "text/csv; charset=utf-8")
    assert wants_csv("csv", "application/json")
    assert not wants_csv("json", "text/csv")
    assert not wants_csv(None, "*/*")
