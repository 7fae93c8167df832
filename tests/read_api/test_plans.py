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
from read_api.as_of import Moment
from read_api.asking import Asking
from read_api.compliance_candidates import stretch
from read_api.compliance_differences import Between, Change
from read_api.compliance_differences import query as differences
from read_api.compliance_obligations import Sought, obligations_query
from read_api.compliance_rows import Asked, People
from read_api.compliance_summary import Per, summary_query
from read_api.condition import Condition, Where
from read_api.database import Database as Reads
from read_api.database import Params, open_pool
from read_api.department import BELOW
from read_api.enrollment import ENROLLMENTS
from read_api.learner import MATCHES, USERS
from read_api.listing import Listing
from read_api.notification import NOTIFICATIONS
from read_api.retention_due import Key, due_query
from read_api.scope import reach_of
from read_api.verification import SELECT as VERIFY
from tests.commands.system import MASTER_KEY
from tests.read_api.crowd import fill
from tests.read_api.reading import Json
from tests.servers.postgres import Database, migrated

AFTER = (datetime(2030, 1, 1, tzinfo=UTC), UUID(int=0))
LARGE = {"learner", "enrollment", "notification", "certificate", "compliance_obligation"}


def course(number: int) -> UUID:
    return UUID(md5(f"course{number}".encode(), usedforsecurity=False).hexdigest())


def person(number: int, *roles: Role) -> Actor:
    id = UUID(md5(f"person{number}".encode(), usedforsecurity=False).hexdigest())
    return Actor(id=id, roles=frozenset(roles or {Role.EMPLOYEE}))


EMPLOYEE, MANAGER = person(5_000), person(20, Role.MANAGER)
DIRECTOR = person(1, Role.MANAGER)
DEPARTMENT_ADMIN = person(2, Role.DEPARTMENT_ADMIN)
INSTRUCTOR, ADMIN = person(7, Role.INSTRUCTOR), person(1, Role.ADMIN)


EARLY = Moment(datetime(2023, 10, 5, tzinfo=UTC))
A_WEEK_LATER = Moment(datetime(2023, 10, 12, tzinfo=UTC))
LATE = Moment(datetime(2025, 9, 1, tzinfo=UTC))
BELOW_A_DEPARTMENT = Asked(
    department_id=UUID(md5(b"department3", usedforsecurity=False).hexdigest()),
    many=frozenset({"department"}),
)
EVERYBODY = Asking(ADMIN, reach_of(ADMIN, "ListCompliance"), Reads(open_pool("")))


def obligations(asked: Asked, moment: Moment) -> tuple[str, Sequence[object]]:
    return obligations_query(EVERYBODY, asked, Sought(), moment, None, 51)


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
    "obligations of a moment": obligations(Asked(), EARLY),
    "obligations of a moment below a department": obligations(BELOW_A_DEPARTMENT, EARLY),
    "obligations of a position": obligations(
        BELOW_A_DEPARTMENT, msgspec.structs.replace(EARLY, position=16_000)
    ),
    "obligations of a course": obligations(Asked(course_id=course(3)), EARLY),
    "obligations to look at, of a week": stretch(Where(), EARLY, A_WEEK_LATER, None, is_wide=False),
    "obligations to look at, of years": stretch(Where(), EARLY, LATE, None, is_wide=True),
    "differences among these": differences(
        EVERYBODY,
        Asked(people=People.ALL),
        Between(EARLY, LATE, Change.BECAME_COMPLIANT),
        [UUID(int=n << 100) for n in range(5_000)],
        51,
    ),
}


def nodes(plan: Json) -> Iterator[Json]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


def planned(crowd: Database, sql: str, params: Params) -> list[Json]:
    with psycopg.connect(crowd.read_url) as reader:
        row = reader.execute(f"EXPLAIN (FORMAT JSON) {sql}".encode(), params).fetchone()
    assert row is not None
    return [*nodes(row[0][0]["Plan"])]


@pytest.mark.parametrize("name", QUERIES)
def test_no_large_table_is_read_from_end_to_end(crowd: Database, name: str) -> None:
    found = planned(crowd, *QUERIES[name])
    scanned = {node["Relation Name"] for node in found if node["Node Type"] == "Seq Scan"}
    assert not scanned & LARGE, found


@pytest.mark.parametrize("name", [name for name in QUERIES if name.startswith("obligations of")])
def test_what_came_after_a_moment_is_passed_over_in_the_index(crowd: Database, name: str) -> None:
    (read,) = (
        node
        for node in planned(crowd, *QUERIES[name])
        if node.get("Relation Name") == "compliance_obligation"
    )
    by = "position" if "position" in name else "at"
    assert read["Index Name"].startswith("compliance_obligation_"), read
    assert f"from_{by} <=" in read["Index Cond"], read
    assert f"to_{by} >" in read["Index Cond"], read


@pytest.mark.parametrize("oldest_first", [False, True])
@pytest.mark.parametrize("after", [None, AFTER])
def test_what_is_due_is_read_from_the_ends_of_indexes(
    crowd: Database, oldest_first: bool, after: Key | None
) -> None:
    sql, params = due_query(LATE.at, 51, after=after, oldest_first=oldest_first)
    found = planned(crowd, sql, params)
    used = {node["Index Name"] for node in found if "Index Name" in node}
    assert {"enrollment_ended", "certificate_updated"} <= used
    scanned = {node["Relation Name"] for node in found if node["Node Type"] == "Seq Scan"}
    assert not scanned & (LARGE - {"learner"}), found


def test_differences_are_looked_up_one_by_one(crowd: Database) -> None:
    found = planned(crowd, *QUERIES["differences among these"])
    used = [node for node in found if "compliance_obligation" in node.get("Index Name", "")]
    assert [node["Index Name"] for node in used] == ["compliance_obligation_pkey"] * 2
    assert all(node["Index Cond"].startswith("(id = ") for node in used), used


def test_a_summary_counts_without_sorting_what_it_counts(crowd: Database) -> None:
    found = planned(crowd, *summary_query(EVERYBODY, Asked(), LATE, Per.DEPARTMENT_AND_COURSE))
    counting = [node for node in found if node["Node Type"] == "Aggregate"]
    assert {node["Strategy"] for node in counting} == {"Hashed"}, found
