"""A CSV file of people: its encoding, its header, its rows."""

import csv
import difflib
import io
from typing import Final

import msgspec

from domain.errors import Invalid
from domain.user_import import MOST_ROWS

COLUMNS: Final = (
    "username",
    "email",
    "full_name",
    "given_name",
    "family_name",
    "external_id",
    "employee_number",
    "department",
    "job_role",
    "manager",
    "language",
    "time_zone",
    "roles",
    "active",
)
REQUIRED: Final = ("username", "email")
DELIMITERS: Final = (",", ";", "\t")
LONGEST_CELL: Final = 2_000

_MARKS: Final = {
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
    b"PK\x03\x04": "a spreadsheet or an archive",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet",
}


class Line(msgspec.Struct, frozen=True):
    """One person's cells by column, trimmed; empty ones are left out. `number` counts from 1."""

    number: int
    cells: dict[str, str]

    def __repr__(self) -> str:
        return f"Line({self.number})"


class UnreadableFile(Invalid):
    """It isn't a file of people at all, or not in UTF-8."""


def decoded(content: bytes) -> str:
    """The text of a file in UTF-8, with or without a byte order mark.

    Raises `Invalid` for every other encoding, with the line where it shows.
    """
    for mark, kind in _MARKS.items():
        if content.startswith(mark):
            raise _refused(f"This is {kind}; save it as CSV in UTF-8.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        detail = f"Line {line} is not in UTF-8; save the file as CSV in UTF-8."
        raise _refused(detail) from None
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise _refused(f"Line {line} has a NUL; save the file as CSV in UTF-8.")
    return text


def read_table(text: str) -> list[Line]:
    """The rows of the file, without those that are all empty.

    Raises `Invalid` for a file that can't be read as a whole: no header, an unknown or repeated
    column, a missing one, a row of another length, a quote without its end, too many rows.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    lines: list[Line] = []
    try:
        header = _header(next(reader, []))
        begins = reader.line_num + 1
        for row in reader:
            if any(cell.strip() for cell in row):
                lines.append(_line(begins, header, row))
            if len(lines) > MOST_ROWS:
                raise _refused(f"A file has at most {MOST_ROWS} people.")
            begins = reader.line_num + 1
    except csv.Error as error:
        raise _refused(f"Line {reader.line_num} is not CSV: {error}.") from None
    if not lines:
        raise _refused("There is nobody in this file.")
    return lines


def grants_roles(text: str) -> bool:
    """Whether the file has a column of roles; of one that can't be read as a whole, False."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        return "roles" in _header(next(reader, []))
    except (csv.Error, Invalid):
        return False


def _delimiter(text: str) -> str:
    """What stands between the names of the columns: spreadsheets differ by country."""
    header = text.partition("\n")[0]
    return max(DELIMITERS, key=header.count)


def _header(row: list[str]) -> list[str]:
    names = [name.strip().casefold().replace(" ", "_").replace("-", "_") for name in row]
    for name in names:
        if name not in COLUMNS:
            close = difflib.get_close_matches(name, COLUMNS, n=1)
            hint = f" Did you mean {close[0]}?" if close else f" There are {', '.join(COLUMNS)}."
            raise _refused(f"There is no column {name[:50]!r}.{hint}")
        if names.count(name) > 1:
            raise _refused(f"The column {name} is there twice.")
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise _refused(f"The header lacks {', '.join(missing)}.")
    return names


def _line(number: int, header: list[str], row: list[str]) -> Line:
    if len(row) != len(header):
        raise _refused(f"Line {number} has {len(row)} cells, the header {len(header)}.")
    cells = {name: text for name, cell in zip(header, row, strict=True) if (text := cell.strip())}
    if any(len(text) > LONGEST_CELL for text in cells.values()):
        raise _refused(f"Line {number} has a cell of more than {LONGEST_CELL} characters.")
    return Line(number, cells)


def _refused(detail: str) -> UnreadableFile:
    return UnreadableFile(detail, field="file")
