"""Queries on imports: how far they are, and what became of each row."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec
from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from edge.cursor import DEFAULT_LIMIT, CursorParameter, Keyset, Limit, Page
from read_api.asking import READS, Asking, found
from read_api.condition import Condition, Where
from read_api.listing import Listing

SELECT = """
SELECT imports.id, dry_run, state, rows, created_by, created_at, started_at, ended_at,
    done.created, done.updated, done.unchanged, done.refused,
    done.created + done.updated + done.unchanged + done.refused AS done
FROM provisioning.imports CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE outcome = 'created') AS created,
        count(*) FILTER (WHERE outcome = 'updated') AS updated,
        count(*) FILTER (WHERE outcome = 'unchanged') AS unchanged,
        count(*) FILTER (WHERE outcome = 'refused') AS refused
    FROM provisioning.import_rows WHERE import_id = imports.id
) AS done"""
LINES = Keyset("rows of an import", tuple[int])


class ImportState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"


class RowOutcome(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


class UserImport(msgspec.Struct, frozen=True, kw_only=True):
    """A file of people; `done` of its `rows` have an outcome by now.

    A dry run counts what would be done.
    """

    id: UUID
    dry_run: bool
    state: str
    rows: int
    done: int
    created: int
    updated: int
    unchanged: int
    refused: int
    created_by: UUID | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class RowFault(msgspec.Struct, frozen=True):
    """What is wrong with one cell; `field` is its column."""

    field: str
    detail: str


class ImportRow(msgspec.Struct, frozen=True):
    """What became of the person at a line of the file."""

    line: int
    outcome: str
    learner_id: UUID | None
    faults: Sequence[RowFault]


IMPORTS = Listing(
    "imports",
    UserImport,
    SELECT,
    order=("created_at", "imports.id"),
    key=lambda each: (each.created_at, each.id),
)


class ImportController(Controller):
    path = "/users/imports"
    tags = ["Users"]
    opt = {READS: ()}

    @get("/", operation_id="ListImports")
    async def many(
        self,
        asking: NamedDependency[Asking],
        limit: Limit = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
    ) -> Page[UserImport]:
        """List imports, the newest first."""
        return await IMPORTS.page(asking.database, asking.where(), limit, cursor)

    @get("/{import_id:uuid}", operation_id="GetImport")
    async def one(self, import_id: FromPath[UUID], asking: NamedDependency[Asking]) -> UserImport:
        """Tell how far an import is."""
        where = asking.where().also(Condition("imports.id = %s", (import_id,)))
        row = await asking.database.first(UserImport, f"{SELECT}{where}", where.params)
        return found(row, "import")

    @get("/{import_id:uuid}/rows", operation_id="ListImportRows")
    async def rows(
        self,
        import_id: FromPath[UUID],
        asking: NamedDependency[Asking],
        outcome: FromQuery[RowOutcome | None] = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
    ) -> Page[ImportRow]:
        """List what became of the rows of a file, in their order."""
        await self.one.fn(self, import_id, asking)
        where = Where(Condition("import_id = %s", (import_id,))).given("outcome = %s", outcome)
        if after := LINES.decode(cursor):
            where.also(Condition("line > %s", after))
        sql = (
            "SELECT line, outcome, learner_id, faults FROM provisioning.import_rows"
            f"{where} ORDER BY line LIMIT %s"
        )
        rows = await asking.database.all(ImportRow, sql, (*where.params, limit + 1))
        return LINES.page(rows, limit, lambda row: (row.line,), lambda row: row)
