"""How far the one who asks may see, as a condition on rows. All of that is here."""

from collections.abc import Iterator
from uuid import UUID

import msgspec

from access.actor import Actor
from access.permissions import Scope, reach, why_not
from domain.errors import Forbidden
from read_api.condition import TRUE, Condition, any_of

REPORTS = """
WITH RECURSIVE report (id) AS (
    SELECT id FROM read_models.learner WHERE manager_id = %s
    UNION
    SELECT learner.id FROM read_models.learner JOIN report ON learner.manager_id = report.id
)
SELECT id FROM report"""
"""SQL: everyone below a manager; UNION ends it even if people were each other's managers."""

REPORTS_TO = """EXISTS (
    WITH RECURSIVE above (id) AS (
        SELECT person.manager_id FROM read_models.learner AS person WHERE person.id = {learner}
        UNION
        SELECT person.manager_id
        FROM read_models.learner AS person JOIN above ON person.id = above.id
    )
    SELECT FROM above WHERE above.id = %s
)"""
"""SQL: whether a manager is somewhere above the learner in a column."""

MANY = 1_000
HAS_MANY = f"SELECT FROM ({REPORTS}) AS report OFFSET {MANY} LIMIT 1"
"""SQL: a row if a manager has more reports than that."""

OWN_COURSES = "SELECT id FROM read_models.course WHERE instructors @> ARRAY[%s]::uuid[]"
"""SQL: the courses that someone is an instructor of."""

MY_DEPARTMENTS = """
SELECT id FROM read_models.department
WHERE path && (SELECT administers FROM read_models.learner WHERE id = %s)"""
"""SQL: the departments that somebody looks after, and all below them."""

MY_PEOPLE = f"""
SELECT id FROM read_models.learner WHERE department_id = ANY(ARRAY({MY_DEPARTMENTS}))"""
"""SQL: everyone in these."""

READ_BY = {
    Scope.REPORTS: ("learner",),
    Scope.OWN_COURSES: ("course",),
    Scope.DEPARTMENT: ("learner", "organization"),
}
"""The projections that a scope itself is decided by."""


class Reach(msgspec.Struct, frozen=True):
    """What one permission lets one person see.

    `many_reports`: so many that it is better to ask of each row whether it is about one of them
    (rows of a page are found soon) than to collect them first.
    """

    actor_id: UUID
    scopes: frozenset[Scope]
    many_reports: bool = False

    def __bool__(self) -> bool:
        return bool(self.scopes)

    @property
    def is_unlimited(self) -> bool:
        return Scope.ANY in self.scopes

    def rows(self, *, learner: str | None = None, course: str | None = None) -> Condition:
        """The condition on rows whose learner and course stand in these columns.

        A scope without a column reaches nothing: a row that is about no course is in nobody's.
        """
        if self.is_unlimited:
            return TRUE
        return any_of(self._conditions(learner, course))

    def learners(self, column: str) -> Condition:
        """The condition on rows about people: those enrolled in one's courses are reached too."""
        if self.is_unlimited:
            return TRUE
        conditions = list(self._conditions(column, None))
        if Scope.OWN_COURSES in self.scopes:
            enrolled = (
                "SELECT learner_id FROM read_models.enrollment"
                f" WHERE course_id = ANY(ARRAY({OWN_COURSES}))"
            )
            conditions.append(Condition(f"{column} IN ({enrolled})", (self.actor_id,)))
        return any_of(conditions)

    def _conditions(self, learner: str | None, course: str | None) -> Iterator[Condition]:
        """One for each scope. An array is collected once, not looked up for each row."""
        me = (self.actor_id,)
        if learner and Scope.SELF in self.scopes:
            yield Condition(f"{learner} = %s", me)
        if learner and Scope.REPORTS in self.scopes:
            collected = f"{learner} = ANY(ARRAY({REPORTS}))"
            climbed = REPORTS_TO.format(learner=learner)
            yield Condition(climbed if self.many_reports else collected, me)
        if learner and Scope.DEPARTMENT in self.scopes:
            yield Condition(f"{learner} IN ({MY_PEOPLE})", me)
        if course and Scope.OWN_COURSES in self.scopes:
            yield Condition(f"{course} = ANY(ARRAY({OWN_COURSES}))", me)


def reach_of(actor: Actor, name: str) -> Reach:
    """How far someone may go with the query or the part of an answer called `name`."""
    if actor.id is None:
        raise Forbidden("Only a person can ask this.")
    return Reach(actor.id, reach(actor, name))


def required_reach(actor: Actor, name: str) -> Reach:
    """The same for a query as a whole. Raises `Forbidden` when no role allows it at all."""
    reach = reach_of(actor, name)
    if not reach:
        raise Forbidden(why_not(actor, name))
    return reach
