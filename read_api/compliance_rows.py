"""Obligations as they stood at a moment: the SQL that all queries on compliance are made of."""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from uuid import UUID

import msgspec

from read_api.as_of import Moment
from read_api.asking import Asking
from read_api.condition import Condition, Where, any_of


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

IN_DEPARTMENT = """
SELECT person.learner_id FROM read_models.compliance_person AS person
WHERE {person} AND person.department_id = ANY(ARRAY(
    SELECT department.id FROM read_models.compliance_department AS department
    WHERE department.path @> ARRAY[%s]::uuid[] AND {department}))"""

REPORTS_THEN = """
WITH RECURSIVE report (id) AS (
    SELECT person.learner_id FROM read_models.compliance_person AS person
    WHERE person.manager_id = %s AND {holds}
    UNION
    SELECT person.learner_id FROM read_models.compliance_person AS person
    JOIN report ON person.manager_id = report.id WHERE {holds}
)
SELECT id FROM report"""

MANY = 300
"""Looking each up costs as much as going through all when a group has about so many people."""
LEFT_BY_THEN = """
SELECT person.learner_id FROM read_models.compliance_person AS person
WHERE NOT person.active AND {holds}"""

JOINS = """
 LEFT JOIN read_models.compliance_person AS person
   ON person.learner_id = {o}.learner_id AND {person}
 LEFT JOIN read_models.compliance_course AS course
   ON course.course_id = {o}.course_id AND {course}
 LEFT JOIN read_models.compliance_department AS department
   ON department.id = person.department_id AND {department}"""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a query on compliance is narrowed down to; None: not narrowed.

    `many` are those of its groups of people that are so large that it is better to go through the
    obligations than to look up each person's: see `weighed`.
    """

    department_id: UUID | None = None
    manager_id: UUID | None = None
    course_id: UUID | None = None
    learner_id: UUID | None = None
    people: People = People.ACTIVE
    many: frozenset[str] = frozenset()


async def weighed(asking: Asking, asked: Asked, moment: Moment) -> Asked:
    """The same question, with which of its groups of people are large."""
    many = {
        name
        for name, group in _groups(asked, moment)
        if await asking.database.exists(
            f"SELECT FROM ({group.sql}) AS person OFFSET {MANY} LIMIT 1", group.params
        )
    }
    return msgspec.structs.replace(asked, many=frozenset(many))


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
    if asked.people is People.ACTIVE:
        where.also(Condition("person.active IS NOT FALSE"))
    for name, group in _groups(asked, moment):
        where.also(_of(group, many=name in asked.many))
    return where


def of_few_people(asked: Asked, moment: Moment) -> Iterator[Condition]:
    """Whether the learner of `o` is in the groups that are asked for and aren't large."""
    for name, group in _groups(asked, moment):
        if name not in asked.many:
            yield _of(group, many=False)


def _of(group: Condition, *, many: bool) -> Condition:
    """Whether the learner of `o` is in a group. An array is looked up in the index, person by
    person; IS TRUE makes it a table of hashes that is asked for each obligation."""
    hashed, looked_up = "(o.learner_id IN ({group})) IS TRUE", "o.learner_id = ANY(ARRAY({group}))"
    return Condition((hashed if many else looked_up).format(group=group.sql), group.params)


def _groups(asked: Asked, moment: Moment) -> Iterator[tuple[str, Condition]]:
    """SQL of the ids of the people that a question is narrowed to, by what they have in common."""
    held = moment.holds("person")
    if asked.department_id is not None:
        department = moment.holds("department")
        sql = IN_DEPARTMENT.format(person=held.sql, department=department.sql)
        params = (*held.params, asked.department_id, *department.params)
        yield "department", Condition(sql, params)
    if asked.manager_id is not None:
        sql = REPORTS_THEN.format(holds=held.sql)
        yield "manager", Condition(sql, (asked.manager_id, *held.params, *held.params))
    if asked.people is People.LEFT:
        yield "left", Condition(LEFT_BY_THEN.format(holds=held.sql), held.params)
