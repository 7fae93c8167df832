"""Queries on accounts."""

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
from read_api.listing import Listing

COLUMNS = (
    "id, username, email, full_name, roles, language, time_zone, department, job_role, manager_id,"
    " active, registered_at, last_login_at, version"
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


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A person with an account."""

    id: UUID
    username: str
    email: str
    full_name: str
    roles: list[str]
    language: str
    time_zone: str
    department: str | None
    job_role: str | None
    manager_id: UUID | None
    active: bool
    registered_at: datetime
    last_login_at: datetime | None
    version: int


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
    opt = {READS: ("learner", "enrollment")}

    @get("/", operation_id="ListUsers")
    async def many(
        self,
        asking: NamedDependency[Asking],
        q: Words = None,
        role: FromQuery[Role | None] = None,
        department: FromQuery[str | None] = None,
        manager_id: FromQuery[UUID | None] = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
    ) -> Page[User]:
        """List people, the newest first: all, one's reports, or those in one's courses."""
        where = Where(asking.reach.learners("learner.id"))
        where.given(MATCHES, q or None)
        where.given("roles @> ARRAY[%s]", role)
        where.given("department = %s", department)
        where.given("manager_id = %s", manager_id)
        return await USERS.page(asking.database, where, limit, cursor)

    @get("/{learner_id:uuid}", operation_id="GetUser")
    async def one(
        self,
        learner_id: FromPath[UUID],
        asking: NamedDependency[Asking],
        if_none_match: IfNoneMatch = None,
    ) -> Response[User]:
        """Get one account."""
        where = Where(asking.reach.learners("learner.id"))
        user = await _user(asking, where, learner_id)
        return conditional(user, user.version, if_none_match)


@get(
    "/me",
    operation_id="GetMe",
    tags=["Users"],
    opt={READS: ("learner",), PROBLEMS: (404,)},
)
async def get_me(
    asking: NamedDependency[Asking], if_none_match: IfNoneMatch = None
) -> Response[User]:
    """Get one's own account."""
    user = await _user(asking, Where(), asking.me)
    return conditional(user, user.version, if_none_match)


async def _user(asking: Asking, where: Where, learner_id: UUID) -> User:
    where.also(Condition("id = %s", (learner_id,)))
    return found(await asking.database.first(User, f"{SELECT}{where}", where.params), "user")
