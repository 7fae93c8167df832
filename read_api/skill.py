"""Queries on what people can do."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from domain.skill import LEVELS, skill_key
from edge.cursor import DEFAULT_LIMIT, CursorParameter, Keyset, Limit, Page
from read_api.asking import READS, Asking
from read_api.condition import TRUE, Condition
from read_api.department import in_department

SkillFilter = Annotated[
    str | None,
    QueryParameter(name="skill", max_length=100, description="Who has this skill."),
]
LevelFilter = Annotated[
    int | None,
    QueryParameter(
        name="skill_level",
        ge=LEVELS.start,
        le=LEVELS.stop - 1,
        description="At this level (1 novice to 5 expert) or a higher one.",
    ),
]
SKILLS = Keyset("skills", tuple[str])
SELECT = """
SELECT
    key, min(skill) AS skill, count(*) AS people,
    ARRAY[
        count(*) FILTER (WHERE level = 1), count(*) FILTER (WHERE level = 2),
        count(*) FILTER (WHERE level = 3), count(*) FILTER (WHERE level = 4),
        count(*) FILTER (WHERE level = 5)
    ] AS levels
FROM read_models.learner_skill
JOIN read_models.learner ON learner.id = learner_id AND active"""


class Skill(msgspec.Struct, frozen=True):
    """How many `people` have a skill; `levels` are their numbers at the levels from 1 to 5."""

    skill: str
    people: int
    levels: list[int]


class _Row(Skill, frozen=True):
    key: str


@get("/skills", operation_id="ListSkills", tags=["Users"], opt={READS: ("learner", "organization")})
async def list_skills(
    asking: NamedDependency[Asking],
    department_id: FromQuery[UUID | None] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: CursorParameter = None,
) -> Page[Skill]:
    """List the skills of the active people one may see, by name, with their numbers."""
    where = asking.where(learner="learner_skill.learner_id")
    for condition in in_department(None, department_id):
        where.also(condition)
    if (after := SKILLS.decode(cursor)) is not None:
        where.also(Condition("key > %s", after))
    rows = await asking.database.all(
        _Row,
        f"{SELECT}{where} GROUP BY key ORDER BY key LIMIT %s",
        (*where.params, limit + 1),
    )
    return SKILLS.page(
        rows, limit, lambda row: (row.key,), lambda row: Skill(row.skill, row.people, row.levels)
    )


def skilled(learner: str, skill: str | None, level: int | None) -> Condition:
    """The rows whose learner stands in this column and has a skill, at this level at least."""
    if skill is None and level is None:
        return TRUE
    named, params = ("key = %s", (skill_key(skill),)) if skill is not None else ("true", ())
    return Condition(
        f"{learner} IN (SELECT learner_id FROM read_models.learner_skill"
        f" WHERE {named} AND level >= %s)",
        (*params, level or LEVELS.start),
    )
