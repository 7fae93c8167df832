"""The obligations of a moment, one by one."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from read_api.as_of import Moment
from read_api.asking import Asking
from read_api.compliance_rows import (
    COMPLIANT,
    VIOLATED,
    Asked,
    Status,
    any_status,
    is_compliant,
    is_status,
    joined,
    narrowed,
    status_of,
)
from read_api.condition import Condition

Key = tuple[datetime | None, UUID]
"""What obligations are sorted by: when they are due (None: never, which comes last), and ids."""


class Obligation(msgspec.Struct, frozen=True, kw_only=True):
    """One person who had to do one course. `id` is the enrolment's.

    Where people belonged, who was their manager, what the course was called and the version that
    was asked of them are as they were at the moment; people's names are as they are now. Without
    `department_id`, `department` is the name of one that the tree of departments didn't have.
    `source` tells who asked: a manager, a policy, an import, or `self` who set a due date for
    themselves; `assigned_by` who that was (null: the system). `compliant` is null for what was let
    off. With `withdrawn_at` and another status than withdrawn, the learner had left the course by
    themselves and still had to do it. `position` is that of the event which brought the state
    about; due dates and expiry need none.
    """

    id: UUID
    learner_id: UUID
    learner_name: str
    active: bool
    department_id: UUID | None
    department: str | None
    manager_id: UUID | None
    manager_name: str | None
    course_id: UUID
    course_title: str | None
    course_version: int
    status: str
    compliant: bool | None
    due_at: datetime | None
    completed_at: datetime | None
    certificate_id: UUID | None
    expires_at: datetime | None
    revoked_at: datetime | None
    source: str
    assigned_by: UUID | None
    assigned_at: datetime
    withdrawn_at: datetime | None
    withdrawn_by: UUID | None
    position: int


class Obligations(msgspec.Struct, frozen=True, kw_only=True):
    """One page of the obligations of a moment; `next_cursor` is null on the last.

    `as_of` is the instant at which due dates and expiry are judged; `position` is null unless it
    was asked for. Both stay the same on all pages.
    """

    as_of: datetime
    position: int | None
    items: Sequence[Obligation]
    next_cursor: str | None = None


class Sought(msgspec.Struct, frozen=True, kw_only=True):
    """What a list is narrowed to besides; None: not narrowed."""

    status: Status | None = None
    compliant: bool | None = None


_SQL = """
SELECT o.id, o.learner_id, coalesce(learner.full_name, 'erased person') AS learner_name,
    coalesce(person.active, true) AS active, person.department_id,
    coalesce(department.name, person.department) AS department, person.manager_id,
    manager.full_name AS manager_name, o.course_id, course.title AS course_title,
    o.course_version, stood.status, {compliant} AS compliant, nullif(o.due_at, 'infinity')
    AS due_at, o.completed_at, o.certificate_id, o.expires_at, o.revoked_at, o.source,
    o.assigned_by, o.assigned_at, o.withdrawn_at, o.withdrawn_by, o.state_position AS position
FROM read_models.compliance_obligation AS o{joined}
LEFT JOIN read_models.learner ON learner.id = o.learner_id
LEFT JOIN read_models.learner AS manager ON manager.id = person.manager_id
CROSS JOIN LATERAL (SELECT {status} AS status) AS stood
{where} ORDER BY o.due_at, o.id LIMIT %s"""


async def obligations_after(
    asking: Asking, asked: Asked, sought: Sought, moment: Moment, after: Key | None, limit: int
) -> Sequence[Obligation]:
    """At most `limit` obligations that the one who asks may see, behind one with a key."""
    sql, params = obligations_query(asking, asked, sought, moment, after, limit)
    return await asking.database.all(Obligation, sql, params)


def obligations_query(
    asking: Asking, asked: Asked, sought: Sought, moment: Moment, after: Key | None, limit: int
) -> tuple[str, Sequence[object]]:
    """The SQL of what `obligations_after` answers."""
    where = narrowed(asking, asked, moment).also(moment.holds("o"))
    for condition in _stood(sought, moment):
        where.also(condition)
    if after is not None:
        due_at, id = after
        where.also(Condition("(o.due_at, o.id) > (%s, %s)", (due_at or "infinity", id)))
    joins, status = joined(moment), status_of(moment)
    sql = _SQL.format(
        compliant=is_compliant("stood.status"), joined=joins.sql, status=status.sql, where=where
    )
    return sql, (*joins.params, *status.params, *where.params, limit)


def _stood(sought: Sought, moment: Moment) -> Sequence[Condition]:
    conditions = []
    if sought.status is not None:
        conditions.append(is_status(sought.status, moment))
        if sought.status is Status.OVERDUE and moment.position is None:
            conditions.append(Condition("o.to_at > o.due_at"))  # follows; there is an index of it
    if sought.compliant is not None:
        conditions.append(any_status(COMPLIANT if sought.compliant else VIOLATED, moment))
    return conditions
