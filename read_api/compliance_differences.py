"""What changed in compliance between two instants, and what changed it."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

import msgspec

from read_api.as_of import Moment
from read_api.asking import Asking
from read_api.compliance_candidates import WALK, stretch_after
from read_api.compliance_rows import (
    Asked,
    Status,
    is_compliant,
    joined,
    narrowed,
    status_of,
)
from read_api.condition import Condition


class Change(StrEnum):
    """What became of an obligation between two instants."""

    BECAME_COMPLIANT = "became_compliant"
    BECAME_NON_COMPLIANT = "became_non_compliant"
    NEWLY_REQUIRED = "newly_required"
    NO_LONGER_REQUIRED = "no_longer_required"


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """An obligation that stood otherwise at the second instant than at the first.

    `before` and `after` are its status; null: it wasn't there, or the person's account wasn't
    active. It changed by an event, at `position`, or because time went by: a due date or the expiry
    of a certificate, and then `position` is null. Names are as they were at the second instant,
    people's as they are now.
    """

    id: UUID
    learner_id: UUID
    learner_name: str
    department_id: UUID | None
    department: str | None
    course_id: UUID
    course_title: str | None
    before: str | None
    after: str | None
    change: Change
    caused_by: Literal["event", "time"]
    position: int | None
    changed_at: datetime


class Differences(msgspec.Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """One page of what changed after the instant `from`, up to `to`.

    A page may hold fewer than were asked for, even none: the last is the one without
    `next_cursor`.
    """

    from_: datetime
    to: datetime
    items: Sequence[Difference]
    next_cursor: str | None = None


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """How an obligation stood at two instants, and since when what makes it so is so."""

    id: UUID
    learner_id: UUID
    learner_name: str
    department_id: UUID | None
    department: str | None
    course_id: UUID
    course_title: str | None
    before: str | None
    after: str | None
    was_compliant: bool | None
    compliant: bool | None
    active: bool
    active_at: datetime
    active_position: int
    since_at: datetime
    since_position: int
    state: str
    state_at: datetime
    state_position: int
    due_at: datetime | None
    expires_at: datetime | None


_SQL = """
SELECT o.id, o.learner_id, coalesce(learner.full_name, 'erased person') AS learner_name,
    person.department_id, coalesce(department.name, person.department) AS department,
    o.course_id, course.title AS course_title, stood.before, stood.after,
    judged.was_compliant, judged.compliant, coalesce(person.active, true) AS active,
    coalesce(person.active_at, o.state_at) AS active_at,
    coalesce(person.active_position, o.state_position) AS active_position,
    o.since_at, o.since_position, o.state, o.state_at, o.state_position,
    nullif(o.due_at, 'infinity') AS due_at, o.expires_at
FROM (SELECT unnest(%s::uuid[]) AS id ORDER BY id) AS candidate
CROSS JOIN LATERAL (
    SELECT * FROM read_models.compliance_obligation AS o WHERE o.id = candidate.id AND {holds}
    LIMIT 1) AS o{joined}
LEFT JOIN read_models.learner ON learner.id = o.learner_id
LEFT JOIN LATERAL (
    SELECT * FROM read_models.compliance_obligation AS was WHERE was.id = candidate.id AND {held}
    LIMIT 1) AS was ON true
LEFT JOIN read_models.compliance_person AS who ON who.learner_id = o.learner_id AND {was_who}
CROSS JOIN LATERAL (
    SELECT CASE WHEN who.active IS NOT FALSE THEN {before} END AS before,
        CASE WHEN person.active IS NOT FALSE THEN {after} END AS after
) AS stood
CROSS JOIN LATERAL (SELECT {was_compliant} AS was_compliant, {compliant} AS compliant) AS judged
{where} ORDER BY candidate.id LIMIT %s"""
"""SQL. LIMIT keeps the look-ups look-ups: as a join they can be planned as a walk through all
obligations that ever were, for the sake of the few on a page."""

_CHANGED = {
    None: "was_compliant IS DISTINCT FROM compliant",
    Change.BECAME_COMPLIANT: "NOT was_compliant AND compliant",
    Change.BECAME_NON_COMPLIANT: "was_compliant IS NOT FALSE AND NOT compliant",
    Change.NEWLY_REQUIRED: "was_compliant IS NULL AND compliant",
    Change.NO_LONGER_REQUIRED: "was_compliant IS NOT NULL AND compliant IS NULL",
}


_Cause = tuple[datetime, int | None]
"""The instant, and the position of the event; None: nothing but time."""

_SHOWN = sorted({*Difference.__struct_fields__} & {*Row.__struct_fields__})


class Between(msgspec.Struct, frozen=True):
    """Two instants, the first before the second, and which changes are asked for; None: all."""

    first: Moment
    second: Moment
    change: Change | None = None


class Found(msgspec.Struct, frozen=True):
    """Differences behind an obligation's id. `reached` is the id up to which all obligations were
    looked at; None: to the last."""

    rows: Sequence[Difference]
    reached: UUID | None


async def find(
    asking: Asking, asked: Asked, between: Between, after: UUID | None, limit: int
) -> Found:
    """The next differences that the one who asks may see, at most `limit`: of one stretch of
    obligations, in which there may be none."""
    ids = await stretch_after(asking, asked, between.first, between.second, after)
    sql, params = query(asking, asked, between, ids, limit + 1)
    rows = [difference(row) for row in await asking.database.all(Row, sql, params)]
    if len(rows) > limit:
        return Found(rows[:limit], rows[limit - 1].id)
    return Found(rows, ids[-1] if len(ids) == WALK else None)


async def rows_after(
    asking: Asking, asked: Asked, between: Between, after: UUID | None, limit: int
) -> Sequence[Difference]:
    """The next `limit` differences, of as many stretches as it takes; fewer when none follow."""
    rows: list[Difference] = []
    while len(rows) < limit:
        found = await find(asking, asked, between, after, limit - len(rows))
        rows += found.rows
        if found.reached is None:
            break
        after = found.reached
    return rows


def query(
    asking: Asking, asked: Asked, between: Between, ids: Sequence[UUID], limit: int
) -> tuple[str, Sequence[object]]:
    """SQL of the differences among obligations with these ids, in the order of ids."""
    first, second = between.first, between.second
    holds, held, was_who = second.holds("o"), first.holds("was"), first.holds("who")
    joins = joined(second)
    before, now = status_of(first, o="was"), status_of(second)
    where = narrowed(asking, asked, second).also(Condition(_CHANGED[between.change]))
    sql = _SQL.format(
        holds=holds.sql,
        joined=joins.sql,
        held=held.sql,
        was_who=was_who.sql,
        before=before.sql,
        after=now.sql,
        was_compliant=is_compliant("stood.before"),
        compliant=is_compliant("stood.after"),
        where=where,
    )
    parts = (holds, joins, held, was_who, before, now)
    params = tuple(param for part in parts for param in part.params)
    return sql, ([*ids], *params, *where.params, limit)


def difference(row: Row) -> Difference:
    """Finds out what became of an obligation, and what brought that about."""
    change = _change(row.was_compliant, row.compliant)
    at, position = _cause(row, change)
    return Difference(
        **{name: getattr(row, name) for name in _SHOWN},
        change=change,
        caused_by="time" if position is None else "event",
        position=position,
        changed_at=at,
    )


def _change(before: bool | None, after: bool | None) -> Change:
    if after is None:
        return Change.NO_LONGER_REQUIRED
    if not after:
        return Change.BECAME_NON_COMPLIANT
    return Change.NEWLY_REQUIRED if before is None else Change.BECAME_COMPLIANT


def _cause(row: Row, change: Change) -> _Cause:
    """The last of the things that had to be so; of what needs only one, that."""
    state, active = (row.state_at, row.state_position), (row.active_at, row.active_position)
    match change:
        case Change.NO_LONGER_REQUIRED:
            return state if row.state == "withdrawn" else active
        case Change.NEWLY_REQUIRED:
            causes: list[_Cause] = [(row.since_at, row.since_position), active]
        case _:
            causes = [state, active]
    if row.after == Status.OVERDUE and row.due_at is not None:
        causes.append((row.due_at, None))
    if row.after == Status.EXPIRED and row.expires_at is not None:
        causes.append((row.expires_at, None))
    return max(causes, key=lambda cause: (cause[0], cause[1] or 0))
