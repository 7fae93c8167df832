"""Queries on accounts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from domain.roles import Role
from edge.cursor import DEFAULT_LIMIT, CursorParameter, Limit, Page
from edge.etag import IfNoneMatch, conditional
from edge.openapi import PROBLEMS
from read_api.asking import READS, Asking, found
from read_api.condition import Condition, Where
from read_api.department import NAME, in_department
from read_api.listing import Listing
from read_api.scope import REPORTS
from read_api.skill import LevelFilter, SkillFilter, skilled

COLUMNS = (
    f"id, username, email, full_name, roles, administers, language, time_zone, {NAME},"
    " department_id, job_role, manager_id, active, registered_at, last_login_at, version"
)
SELECT = f"SELECT {COLUMNS} FROM read_models.learner"
MATCHES = """
search @@ (
    SELECT to_tsquery('simple', string_agg(
        '''' || replace(replace(lexeme, '\\', '\\\\'), '''', '''''') || ''':*', ' & '))
    FROM unnest(to_tsvector('simple', %s)))"""
"""SQL: every word of the text begins a word of the name, the user name or the address."""

Words = Annotated[
    str | None,
    QueryParameter(
        name="q",
        max_length=200,
        description="Words that the name, user name or e-mail address begin with.",
    ),
]


SKILLS = (
    "SELECT skill, level, assessed_by, assessed_at FROM read_models.learner_skill"
    " WHERE learner_id = %s ORDER BY key"
)
BELOW = f"learner.id = ANY(ARRAY({REPORTS}))"


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A person with an account.

    `administers` are the departments that a department admin looks after. Without `department_id`,
    `department` is the name of one that the tree of departments doesn't have.
    """

    id: UUID
    username: str
    email: str
    full_name: str
    roles: list[str]
    administers: list[UUID]
    language: str
    time_zone: str
    department: str | None
    department_id: UUID | None
    job_role: str | None
    manager_id: UUID | None
    active: bool
    registered_at: datetime
    last_login_at: datetime | None
    version: int


class UserSkill(msgspec.Struct, frozen=True, kw_only=True):
    """`level` is from 1 (novice) to 5 (expert); `assessed_by` is null for the system."""

    skill: str
    level: int
    assessed_by: UUID | None
    assessed_at: datetime


class UserDetails(User, frozen=True, kw_only=True):
    """A person with what they can do."""

    skills: Sequence[UserSkill] = ()


USERS = Listing(
    "users",
    User,
    SELECT,
    order=("registered_at", "id"),
    key=lambda user: (user.registered_at, user.id),
)


class UserController(Controller):
    path = "/users"
    tags = ["Users"]
    opt = {READS: ("learner", "organization", "enrollment")}

    @get("/", operation_id="ListUsers")
    async def many(
        self,
        asking: NamedDependency[Asking],
        q: Words = None,
        role: FromQuery[Role | None] = None,
        department: FromQuery[str | None] = None,
        department_id: FromQuery[UUID | None] = None,
        job_role: FromQuery[str | None] = None,
        manager_id: FromQuery[UUID | None] = None,
        active: FromQuery[bool | None] = None,
        skill: SkillFilter = None,
        skill_level: LevelFilter = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
    ) -> Page[User]:
        """List people, the newest first: all, one's reports, or those in one's courses.

        `department_id` includes the departments below; `manager_id` only who reports directly.
        """
        where = Where(asking.reach.learners("learner.id"))
        where.given(MATCHES, q or None)
        where.given("roles @> ARRAY[%s]", role)
        for condition in in_department(department, department_id):
            where.also(condition)
        where.given("job_role = %s", job_role)
        where.given("manager_id = %s", manager_id)
        where.given("active = %s", active)
        where.also(skilled("learner.id", skill, skill_level))
        return await USERS.page(asking.database, where, limit, cursor)

    @get("/{learner_id:uuid}", operation_id="GetUser")
    async def one(
        self,
        learner_id: FromPath[UUID],
        asking: NamedDependency[Asking],
        if_none_match: IfNoneMatch = None,
    ) -> Response[UserDetails]:
        """Get one account."""
        where = Where(asking.reach.learners("learner.id"))
        user = await _user(asking, where, learner_id)
        return conditional(user, user.version, if_none_match)

    @get("/{learner_id:uuid}/reports", operation_id="ListReports")
    async def reports(
        self,
        learner_id: FromPath[UUID],
        asking: NamedDependency[Asking],
        limit: Limit = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
    ) -> Page[User]:
        """List everyone who reports to somebody, directly or indirectly, the newest first."""
        where = Where(asking.reach.learners("learner.id")).given(BELOW, learner_id)
        return await USERS.page(asking.database, where, limit, cursor)


@get(
    "/me",
    operation_id="GetMe",
    tags=["Users"],
    opt={READS: ("learner", "organization"), PROBLEMS: (404,)},
)
async def get_me(
    asking: NamedDependency[Asking], if_none_match: IfNoneMatch = None
) -> Response[UserDetails]:
    """Get one's own account."""
    user = await _user(asking, Where(), asking.me)
    return conditional(user, user.version, if_none_match)


async def _user(asking: Asking, where: Where, learner_id: UUID) -> UserDetails:
    where.also(Condition("id = %s", (learner_id,)))
    row = await asking.database.first(UserDetails, f"{SELECT}{where}", where.params)
    skills = await asking.database.all(UserSkill, SKILLS, (learner_id,))
    return msgspec.structs.replace(found(row, "user"), skills=skills)
