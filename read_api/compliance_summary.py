"""How many obligations stood how at a moment, by department and course."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from read_api.as_of import Moment
from read_api.asking import Asking
from read_api.compliance_rows import Asked, Status, is_status, narrowed


class Per(StrEnum):
    """What a row of the summary is about."""

    DEPARTMENT_AND_COURSE = "department_and_course"
    DEPARTMENT = "department"
    COURSE = "course"


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Whose obligations are counted, of which course."""

    department_id: UUID | None = None
    department: str | None = None
    course_id: UUID | None = None
    course_title: str | None = None


class SummaryRow(Group, frozen=True, kw_only=True):
    """People count in the department they were in themselves, not in those above it.

    Without a department both of its fields are null, without `department_id` only the name is
    known. A summary for each department has no course, one for each course no department, and the
    total neither. `required` are all but those withdrawn. Percentages are of these, null where
    there are none: of `percent_completed` the work is done, of `percent_compliant` it is done or
    not due yet.
    """

    required: int
    completed: int
    completed_late: int
    due: int
    overdue: int
    expired: int
    revoked: int
    withdrawn: int
    percent_completed: float | None
    percent_compliant: float | None


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """`as_of` is the instant at which due dates and expiry are judged."""

    as_of: datetime
    position: int | None
    items: Sequence[SummaryRow]
    total: SummaryRow
    next_cursor: None = None


class _Row(Group, frozen=True, kw_only=True):
    completed: int
    completed_late: int
    due: int
    overdue: int
    expired: int
    revoked: int
    withdrawn: int


_DEPARTMENT = (
    "person.department_id, CASE WHEN person.department_id IS NULL THEN person.department END"
    " AS department"
)
_NO_DEPARTMENT = "NULL::uuid AS department_id, NULL::text AS department"
_COURSE, _NO_COURSE = "o.course_id", "NULL::uuid AS course_id"

_SQL = """
WITH counted AS (
    SELECT {department}, {course}, {counts}
    FROM read_models.compliance_obligation AS o
    LEFT JOIN read_models.compliance_person AS person
        ON person.learner_id = o.learner_id AND {person}{where}
    GROUP BY 1, 2, 3
)
SELECT counted.department_id, coalesce(department.name, counted.department) AS department,
    counted.course_id, course.title AS course_title, {names}
FROM counted
LEFT JOIN read_models.compliance_department AS department
    ON department.id = counted.department_id AND {department_holds}
LEFT JOIN read_models.compliance_course AS course
    ON course.course_id = counted.course_id AND {course_holds}
ORDER BY 2 NULLS LAST, 1, 4 NULLS LAST, 3"""


async def summary(asking: Asking, asked: Asked, moment: Moment, per: Per) -> Summary:
    """Counts what the one who asks may see, as it stood at a moment."""
    rows = await asking.database.all(_Row, *summary_query(asking, asked, moment, per))
    return Summary(
        as_of=moment.at,
        position=moment.position,
        items=[SummaryRow(**msgspec.structs.asdict(row), **_derived([row])) for row in rows],
        total=_total(rows),
    )


def summary_query(
    asking: Asking, asked: Asked, moment: Moment, per: Per
) -> tuple[str, Sequence[object]]:
    """The SQL of the rows of a summary."""
    counts = [(status, is_status(status, moment)) for status in Status]
    where = narrowed(asking, asked, moment).also(moment.holds("o"))
    person, department, course = map(moment.holds, ("person", "department", "course"))
    sql = _SQL.format(
        department=_NO_DEPARTMENT if per is Per.COURSE else _DEPARTMENT,
        course=_NO_COURSE if per is Per.DEPARTMENT else _COURSE,
        counts=", ".join(f"count(*) FILTER (WHERE {one.sql}) AS {name}" for name, one in counts),
        names=", ".join(Status),
        person=person.sql,
        where=where,
        department_holds=department.sql,
        course_holds=course.sql,
    )
    counted = tuple(param for _, one in counts for param in one.params)
    return sql, (*counted, *person.params, *where.params, *department.params, *course.params)


def _total(rows: Sequence[_Row]) -> SummaryRow:
    sums: dict[str, Any] = {
        status.value: sum(getattr(row, status) for row in rows) for status in Status
    }
    return SummaryRow(**sums, **_derived(rows))


def _derived(rows: Sequence[_Row]) -> dict[str, Any]:
    done = sum(row.completed + row.completed_late for row in rows)
    so_far = done + sum(row.due for row in rows)
    required = so_far + sum(row.overdue + row.expired + row.revoked for row in rows)
    return {
        "required": required,
        "percent_completed": _percent(done, required),
        "percent_compliant": _percent(so_far, required),
    }


def _percent(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 1) if whole else None
