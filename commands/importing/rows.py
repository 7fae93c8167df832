"""What each line of a file asks for, and all that is wrong with it before anybody is looked up."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from commands.importing.table import REQUIRED, Line
from commands.provisioning import KINDS, name_key
from domain.directory_entry import DirectoryEntry, faults
from domain.identity import unique_name_id
from domain.roles import Role

TRUE: Final = frozenset({"true", "yes", "1", "y"})
FALSE: Final = frozenset({"false", "no", "0", "n"})


class RowFault(msgspec.Struct, frozen=True):
    """What is wrong in one cell; `field` is its column. It never repeats what the cell says."""

    field: str
    detail: str


class Row(msgspec.Struct, eq=False):
    """One person of a file. `names` are the streams that keep their names unique, by kind."""

    line: Line
    names: dict[str, UUID]
    roles: list[Role] | None
    active: bool | None
    faults: list[RowFault]
    learner_id: UUID | None = None
    manager_id: UUID | None = None
    is_new: bool = False

    @property
    def number(self) -> int:
        return self.line.number

    def refuse(self, field: str, detail: str) -> None:
        """Notes a fault."""
        self.faults.append(RowFault(field, detail))

    def cell(self, column: str) -> str | None:
        return self.line.cells.get(column)


def read_rows(lines: Sequence[Line]) -> list[Row]:
    """The rows, each with what is wrong with its cells and which of its names another row has."""
    rows = [_row(line) for line in lines]
    for kind in KINDS:
        _refuse_repeated(kind, rows)
    return rows


def name_ids(text: str) -> dict[str, UUID]:
    """The streams of a name of any kind: what a manager is called by."""
    return {kind: unique_name_id(kind, name_key(kind, text)) for kind in KINDS}


def entry_of(cells: Mapping[str, str], before: DirectoryEntry | None = None) -> DirectoryEntry:
    """What the cells say about a person; an empty one says nothing, so it leaves all as it was."""
    said: dict[str, Any] = {
        name: cells[name] for name in DirectoryEntry.__struct_fields__ if name in cells
    }
    parts = " ".join(cells[name] for name in ("given_name", "family_name") if name in cells)
    if parts and "full_name" not in said:
        said["full_name"] = parts
    if before is not None:
        return msgspec.structs.replace(before, **said)
    needed = dict.fromkeys(("username", "email", "full_name"), "")
    return DirectoryEntry(**{**needed, **said})


def _row(line: Line) -> Row:
    row = Row(line, {}, None, None, [])
    for fault in faults(entry_of(line.cells, _ANYBODY)):
        row.refuse(fault.field, fault.detail)
    for column in REQUIRED:
        if column not in line.cells:
            row.refuse(column, f"{column} must not be empty.")
    for kind in KINDS:
        if name := line.cells.get(kind):
            row.names[kind] = unique_name_id(kind, name_key(kind, name))
    _read_roles(row)
    _read_active(row)
    return row


def _read_roles(row: Row) -> None:
    text = row.cell("roles")
    if text is None:
        return
    words = [
        word.strip().casefold() for word in text.replace("|", ";").replace(",", ";").split(";")
    ]
    grantable = {role.value: role for role in Role if role is not Role.SYSTEM}
    if unknown := [word for word in words if word and word not in grantable]:
        row.refuse(
            "roles", f"There are only {', '.join(grantable)}: {len(unknown)} is none of them."
        )
    row.roles = sorted({grantable[word] for word in words if word in grantable}) or None


def _read_active(row: Row) -> None:
    text = (row.cell("active") or "").casefold()
    if text in TRUE | FALSE:
        row.active = text in TRUE
    elif text:
        row.refuse("active", "active must be true or false.")


def _refuse_repeated(kind: str, rows: Iterable[Row]) -> None:
    """Of two people with one name neither is taken: nobody knows which is meant."""
    counts = Counter(row.names[kind] for row in rows if kind in row.names)
    lines: dict[UUID, list[int]] = {}
    for row in rows:
        if kind in row.names and counts[row.names[kind]] > 1:
            lines.setdefault(row.names[kind], []).append(row.number)
    for row in rows:
        if also := lines.get(row.names.get(kind, _NOBODY)):
            others = ", ".join(str(number) for number in also if number != row.number)
            row.refuse(kind, f"The same person, or the same name, is in line {others} too.")


_ANYBODY: Final = DirectoryEntry(username="any", email="any@example.com", full_name="Any")
_NOBODY: Final = UUID(int=0)
