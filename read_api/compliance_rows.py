"""Obligations as they stood at a moment: the SQL that all queries on compliance are made of."""

from collections.abc import Iterable
from enum import StrEnum
from uuid import UUID

import msgspec

from read_api.as_of import Moment
from read_api.asking import Asking
from read_api.condition import TRUE, Condition, Where, any_of


class Status(StrEnum):
    """How it stood: `due` and `overdue` are still to be done, the others were done or let off."""

    OVERDUE = "overdue"
    DUE = "due"
    COMPLETED = "completed"
    COMPLETED_LATE = "completed_late"
    EXPIRED = "expired"
    REVOKED = "revoked"
    WITHDRAWN = "withdrawn"


class People(StrEnum):
    """Whose accounts were active at the moment, whose were not, or both."""

    ACTIVE = "active"
    LEFT = "left"
    ALL = "all"


DONE = (Status.COMPLETED, Status.COMPLETED_LATE)
COMPLIANT = (Status.DUE, *DONE)
"""What is as it has to be: also what is still to be done and isn't due yet."""
VIOLATED = (Status.OVERDUE, Status.EXPIRED, Status.REVOKED)

_VALID = "{o}.state = 'completed' AND {o}.revoked_at IS NULL"
_GOOD = f"{_VALID} AND ({{o}}.expires_at IS NULL OR {{o}}.expires_at > %s)"
_CONDITIONS = {
    Status.OVERDUE: "{o}.state = 'assigned' AND {o}.due_at < %s",
    Status.DUE: "{o}.state = 'assigned' AND {o}.due_at >= %s",
    Status.COMPLETED: f"{_GOOD} AND {{o}}.completed_at <= {{o}}.due_at",
    Status.COMPLETED_LATE: f"{_GOOD} AND {{o}}.completed_at > {{o}}.due_at",
    Status.EXPIRED: f"{_VALID} AND {{o}}.expires_at <= %s",
    Status.REVOKED: "{o}.state = 'completed' AND {o}.revoked_at IS NOT NULL",
    Status.WITHDRAWN: "{o}.state = 'withdrawn'",
}

DEPARTMENTS_BELOW = """
SELECT department.id FROM read_models.compliance_department AS department
WHERE department.path @> ARRAY[%s]::uuid[] AND {holds}"""

REPORTS_THEN = """
WITH RECURSIVE report (id) AS (
    SELECT person.learner_id FROM read_models.compliance_person AS person
    WHERE person.manager_id = %s AND {holds}
    UNION
    SELECT person.learner_id FROM read_models.compliance_person AS person
    JOIN report ON person.manager_id = report.id WHERE {holds}
)
SELECT id FROM report"""

JOINS = """
 LEFT JOIN read_models.compliance_person AS person
   ON person.learner_id = {o}.learner_id AND {person}
 LEFT JOIN read_models.compliance_course AS course
   ON course.course_id = {o}.course_id AND {course}
 LEFT JOIN read_models.compliance_department AS department
   ON department.id = person.department_id AND {department}"""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a query on compliance is narrowed down to; None: not narrowed."""

    department_id: UUID | None = None
    manager_id: UUID | None = None
    course_id: UUID | None = None
    learner_id: UUID | None = None
    people: People = People.ACTIVE


def is_status(status: Status, moment: Moment, *, o: str = "o") -> Condition:
    """Whether the obligation in row `o` had a status."""
    sql = _CONDITIONS[status].format(o=o)
    return Condition(sql, (moment.at,) * sql.count("%s"))


def any_status(statuses: Iterable[Status], moment: Moment, *, o: str = "o") -> Condition:
    """Whether it had one of them."""
    each = (is_status(status, moment, o=o) for status in statuses)
    return any_of(Condition(f"({one.sql})", one.params) for one in each)


def status_of(moment: Moment, *, o: str = "o") -> Condition:
    """SQL of the status of row `o`."""
    each = [(status, is_status(status, moment, o=o)) for status in Status]
    cases = " ".join(f"WHEN {condition.sql} THEN '{status}'" for status, condition in each)
    params = tuple(param for _, condition in each for param in condition.params)
    return Condition(f"CASE {cases} END", params)


def is_compliant(status: str) -> str:
    """SQL of whether it is as it has to be, by the SQL of a status; null for what was let off."""
    violated = ", ".join(f"'{each}'" for each in VIOLATED)
    return f"CASE WHEN {status} <> '{Status.WITHDRAWN}' THEN {status} NOT IN ({violated}) END"


def joined(moment: Moment, *, o: str = "o") -> Condition:
    """SQL that joins to row `o` the person, their department and the course as they were then."""
    held = {name: moment.holds(name) for name in ("person", "course", "department")}
    sql = JOINS.format(o=o, **{name: each.sql for name, each in held.items()})
    return Condition(sql, tuple(param for each in held.values() for param in each.params))


def narrowed(asking: Asking, asked: Asked, moment: Moment) -> Where:
    """The obligations in `o`, with the person joined, that are asked for and may be seen."""
    where = asking.where(learner="o.learner_id", course="o.course_id")
    where.given("o.course_id = %s", asked.course_id)
    where.given("o.learner_id = %s", asked.learner_id)
    where.also(_people(asked.people))
    if asked.department_id is not None:
        holds = moment.holds("department")
        below = DEPARTMENTS_BELOW.format(holds=holds.sql)
        where.also(
            Condition(
                f"person.department_id = ANY(ARRAY({below}))",
                (asked.department_id, *holds.params),
            )
        )
    if asked.manager_id is not None:
        holds = moment.holds("person")
        reports = REPORTS_THEN.format(holds=holds.sql)
        params = (asked.manager_id, *holds.params, *holds.params)
        where.also(Condition(f"o.learner_id IN ({reports})", params))
    return where


def _people(people: People) -> Condition:
    match people:
        case People.ACTIVE:
            return Condition("person.active IS NOT FALSE")
        case People.LEFT:
            return Condition("NOT person.active")
        case People.ALL:
            return TRUE
