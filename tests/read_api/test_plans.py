"""No list reads a whole table, however large the organisation: the plans of the hot queries."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from hashlib import md5
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import pytest

from access.actor import Actor
from domain.roles import Role
from lms.embedded.postgres import EmbeddedPostgres
from projections.catalogue import PROJECTIONS
from projections.opening import open_live
from projections.source import open_source
from read_api.condition import Condition, Where
from read_api.department import BELOW
from read_api.enrollment import ENROLLMENTS
from read_api.learner import MATCHES, USERS
from read_api.listing import Listing
from read_api.notification import NOTIFICATIONS
from read_api.scope import reach_of
from read_api.verification import SELECT as VERIFY
from tests.commands.system import MASTER_KEY
from tests.read_api.crowd import fill
from tests.read_api.reading import Json
from tests.servers.postgres import Database, migrated

AFTER = (datetime(2030, 1, 1, tzinfo=UTC), UUID(int=0))
LARGE = {"learner", "enrollment", "notification", "certificate"}


def course(number: int) -> UUID:
    return UUID(md5(f"course{number}".encode(), usedforsecurity=False).hexdigest())


def person(number: int, *roles: Role) -> Actor:
    id = UUID(md5(f"person{number}".encode(), usedforsecurity=False).hexdigest())
    return Actor(id=id, roles=frozenset(roles or {Role.EMPLOYEE}))


EMPLOYEE, MANAGER = person(5_000), person(20, Role.MANAGER)
DIRECTOR = person(1, Role.MANAGER)
DEPARTMENT_ADMIN = person(2, Role.DEPARTMENT_ADMIN)
INSTRUCTOR, ADMIN = person(7, Role.INSTRUCTOR), person(1, Role.ADMIN)


@pytest.fixture(scope="module")
def crowd(postgres: EmbeddedPostgres, migrated_template: str) -> Iterator[Database]:
    """A database with 10,000 people, 200 courses and 100,000 enrolments in its read models."""
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE crowd TEMPLATE {migrated_template}".encode())
        database = migrated(postgres, "crowd")
        with open_source(database.project_url, MASTER_KEY) as source:
            for projection in PROJECTIONS:
                open_live(projection, source).close()
        fill(database.owner_url)
        yield database
        connection.execute("DROP DATABASE crowd WITH (FORCE)")


def page(
    listing: Listing[Any], where: Where, *select: object, after: bool = True
) -> tuple[str, Sequence[object]]:
    sql, params = listing.query(where, 50, AFTER if after else None)
    return sql, (*select, *params)


def enrollments(actor: Actor, *, many: bool = False) -> Where:
    reach = msgspec.structs.replace(reach_of(actor, "ListEnrollments"), many_reports=many)
    return Where(reach.rows(learner="learner_id", course="course_id"))


QUERIES = {
    "one's enrolments": page(ENROLLMENTS, enrollments(EMPLOYEE)),
    "enrolments of one's reports": page(ENROLLMENTS, enrollments(MANAGER)),
    "enrolments of everyone below a director": page(ENROLLMENTS, enrollments(DIRECTOR, many=True)),
    "enrolments in one's courses": page(ENROLLMENTS, enrollments(INSTRUCTOR)),
    "all enrolments": page(ENROLLMENTS, enrollments(ADMIN)),
    "enrolments of a course": page(
        ENROLLMENTS, enrollments(ADMIN).given("course_id = %s", course(3))
    ),
    "one's reports": page(USERS, Where(reach_of(MANAGER, "ListUsers").learners("learner.id"))),
    "people of one's departments": page(
        USERS, Where(reach_of(DEPARTMENT_ADMIN, "ListUsers").learners("learner.id"))
    ),
    "people below a department": page(USERS, Where(Condition(BELOW, (UUID(int=0),)))),
    "all people": page(USERS, Where()),
    "people by name": page(USERS, Where(Condition(MATCHES, ("number 77",)))),
    "people in one's courses": page(
        USERS, Where(reach_of(INSTRUCTOR, "ListUsers").learners("learner.id"))
    ),
    "unread notifications": page(
        NOTIFICATIONS,
        Where(Condition("learner_id = %s", (EMPLOYEE.id,)), Condition("read_at IS NULL")),
    ),
    "a certificate by its number": (VERIFY, ("N-77",)),
}


def scanned(plan: Json) -> set[str]:
    """The tables that a plan reads from end to end."""
    found = {plan["Relation Name"]} if plan["Node Type"] == "Seq Scan" else set()
    return found.union(*(scanned(part) for part in plan.get("Plans", ())))


@pytest.mark.parametrize("name", QUERIES)
def test_no_large_table_is_read_from_end_to_end(crowd: Database, name: str) -> None:
    sql, params = QUERIES[name]
    with psycopg.connect(crowd.read_url) as reader:
        row = reader.execute(f"EXPLAIN (FORMAT JSON) {sql}".encode(), params).fetchone()
    assert row is not None
    (explained,) = row[0]
    assert not scanned(explained["Plan"]) & LARGE, explained
