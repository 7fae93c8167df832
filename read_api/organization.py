"""Queries on the tree of departments."""

from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

import msgspec
from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from edge.etag import IfNoneMatch, conditional
from read_api.asking import READS, Asking, found

SELECT = "SELECT id, name, parent_id, path FROM read_models.department"
VERSION = "SELECT version FROM read_models.organization"


class Department(msgspec.Struct, frozen=True, kw_only=True):
    """`path` are the ids from the top down to the department itself."""

    id: UUID
    name: str
    parent_id: UUID | None
    path: list[UUID]


class Departments(msgspec.Struct, frozen=True):
    """The whole tree: each department comes before those below it, siblings by their names.

    `version` is that of the tree, which `If-Match` of its commands names; 0 before the first.
    """

    items: Sequence[Department]
    version: int
    next_cursor: None = None


class _Version(msgspec.Struct, frozen=True):
    version: int


class DepartmentController(Controller):
    path = "/departments"
    tags = ["Departments"]
    opt = {READS: ("organization",)}

    @get("/", operation_id="ListDepartments")
    async def many(
        self, asking: NamedDependency[Asking], if_none_match: IfNoneMatch = None
    ) -> Response[Departments]:
        """Get the whole tree of departments."""
        # In this order: a tree newer than its version is asked for again, an older one wouldn't be.
        version = await _version(asking)
        rows = await asking.database.all(Department, SELECT)
        return conditional(Departments(_in_order(rows), version), version, if_none_match)

    @get("/{department_id:uuid}", operation_id="GetDepartment")
    async def one(
        self,
        department_id: FromPath[UUID],
        asking: NamedDependency[Asking],
        if_none_match: IfNoneMatch = None,
    ) -> Response[Department]:
        """Get one department. Its tag is that of the whole tree."""
        version = await _version(asking)
        row = await asking.database.first(Department, f"{SELECT} WHERE id = %s", (department_id,))
        return conditional(found(row, "department"), version, if_none_match)


async def _version(asking: Asking) -> int:
    row = await asking.database.first(_Version, VERSION)
    return row.version if row else 0


def _in_order(departments: Iterable[Department]) -> Sequence[Department]:
    below: dict[UUID | None, list[Department]] = {}
    for each in sorted(departments, key=lambda each: (each.name.casefold(), each.id)):
        below.setdefault(each.parent_id, []).append(each)

    def walk(parent_id: UUID | None) -> Iterator[Department]:
        for each in below.get(parent_id, ()):
            yield each
            yield from walk(each.id)

    return list(walk(None))
