"""Lists as CSV files: all of their pages, one after the other."""

import csv
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Literal, TypeVar

import msgspec
from litestar.response import Stream

CSV = "text/csv"
ROWS_AT_ONCE = 1_000
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet take a text for a formula, which must not be run for who opens it."""

Item = TypeVar("Item", bound=msgspec.Struct)
Key = TypeVar("Key")


def wants_csv(format: Literal["json", "csv"] | None, accept: str) -> bool:
    """Whether a caller asks for CSV, by the parameter `format` or else by the header `Accept`."""
    if format is not None:
        return format == "csv"
    return accept.partition(";")[0].strip().lower() == CSV


def csv_of(shape: type[Item], rows: Sequence[Item], *, name: str) -> Stream:
    """A file of these rows, under a line with the names of `shape`'s fields."""

    async def lines() -> AsyncIterator[str]:
        yield _lines([shape.__struct_fields__])
        yield _lines(_cells(row) for row in rows)

    return _file(lines(), name)


async def csv_of_pages(
    shape: type[Item],
    rows_after: Callable[[Key | None, int], Awaitable[Sequence[Item]]],
    key: Callable[[Item], Key],
    *,
    name: str,
) -> Stream:
    """The same of all pages of a list; `rows_after` answers at most so many rows behind a `key`.

    The first are asked for at once, so that what is wrong with the question is still answered as a
    problem.
    """
    first = await rows_after(None, ROWS_AT_ONCE)

    async def lines() -> AsyncIterator[str]:
        yield _lines([shape.__struct_fields__])
        rows = first
        while rows:
            yield _lines(_cells(row) for row in rows)
            full = len(rows) == ROWS_AT_ONCE
            rows = await rows_after(key(rows[-1]), ROWS_AT_ONCE) if full else ()

    return _file(lines(), name)


def _file(lines: AsyncIterator[str], name: str) -> Stream:
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"', "Vary": "Accept"}
    return Stream(lines, media_type=f"{CSV}; charset=utf-8", headers=headers)


def _lines(rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _cells(row: msgspec.Struct) -> list[str]:
    return [_cell(value) for value in msgspec.structs.astuple(row)]


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case str() if value.startswith(FORMULA):
            return f"'{value}"
        case _:
            return str(value)
