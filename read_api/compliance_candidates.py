"""Which obligations may stand otherwise at a second moment than at a first: a stretch of them.

A page looks at `WALK` obligations at most, in the order of their ids, and hands on: so it takes no
longer for three years than for a week, however rare the changes that are asked for.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from read_api.as_of import Moment
from read_api.asking import Asking
from read_api.compliance_rows import Asked, of_few_people
from read_api.condition import Condition, Where

WALK: Final = 2_000
MANY: Final = 20_000
"""States that began in between. Of more than that all obligations are gone through, one stretch
after the other; of fewer those are found first to which anything happened."""

_OBLIGATIONS: Final = "SELECT o.id FROM read_models.compliance_obligation AS o"
_PEOPLES: Final = (
    "SELECT o.id FROM read_models.compliance_person AS person"
    " JOIN read_models.compliance_obligation AS o ON o.learner_id = person.learner_id"
)


class _Id(msgspec.Struct, frozen=True):
    id: UUID


async def stretch_after(
    asking: Asking, asked: Asked, first: Moment, second: Moment, after: UUID | None
) -> Sequence[UUID]:
    """The obligations that come next behind an id; fewer than `WALK` when none follow."""
    within = narrowed_to_few(asking, asked, second)
    is_wide = within.params == () and await _have_many_begun(asking, first.at, second.at)
    rows = await asking.database.all(_Id, *stretch(within, first, second, after, is_wide=is_wide))
    return [row.id for row in rows]


def stretch(
    within: Where, first: Moment, second: Moment, after: UUID | None, *, is_wide: bool
) -> tuple[str, Sequence[object]]:
    """SQL of the ids of a stretch; `is_wide`: of all obligations, not only those that changed."""
    within = within.copy().given("o.id > %s", after)
    if is_wide:
        sql, params = f"{_OBLIGATIONS}{within} GROUP BY o.id", within.params
    else:
        parts = [*_changed(within, first, second)]
        union = " UNION ".join(f"{begin}{where}" for begin, where in parts)
        sql = f"SELECT id FROM ({union}) AS changed"
        params = tuple(param for _, where in parts for param in where.params)
    return f"{sql} ORDER BY id LIMIT {WALK}", params


def _changed(within: Where, first: Moment, second: Moment) -> Iterator[tuple[str, Where]]:
    """The obligations to which anything at all has happened, by what it was."""
    between = (first.at, second.at)
    for begin, happened in (
        (_OBLIGATIONS, "o.from_at > %s AND o.from_at <= %s"),
        (_OBLIGATIONS, "o.state = 'assigned' AND o.due_at >= %s AND o.due_at < %s"),
        (_OBLIGATIONS, "o.expires_at > %s AND o.expires_at <= %s"),
        (_PEOPLES, "person.from_at > %s AND person.from_at <= %s"),
    ):
        yield begin, within.copy().also(Condition(happened, between))


def narrowed_to_few(asking: Asking, asked: Asked, second: Moment) -> Where:
    """What keeps candidates few, of all that is asked for."""
    where = asking.where(learner="o.learner_id", course="o.course_id")
    where.given("o.course_id = %s", asked.course_id)
    where.given("o.learner_id = %s", asked.learner_id)
    for group in of_few_people(asked, second):
        where.also(group)
    return where


async def _have_many_begun(asking: Asking, first: datetime, second: datetime) -> bool:
    sql = (
        "SELECT FROM read_models.compliance_obligation WHERE from_at > %s AND from_at <= %s"
        f" OFFSET {MANY} LIMIT 1"
    )
    return await asking.database.exists(sql, (first, second))
