"""Scopes as conditions on rows."""

from uuid import UUID

import pytest

from access.actor import Actor
from access.permissions import Scope
from domain.errors import Forbidden
from domain.roles import Role
from lms.composition import Pool
from read_api.condition import FALSE, TRUE, Condition, Where, any_of
from read_api.scope import HAS_MANY, OWN_COURSES, REPORTS, Reach, reach_of, required_reach
from tests.commands.system import Person
from tests.read_api.reading import Reading

ME = UUID(int=7)


def rows(*scopes: Scope, many: bool = False) -> Condition:
    reach = Reach(ME, frozenset(scopes), many)
    return reach.rows(learner="learner_id", course="course_id")


def test_without_a_scope_no_row_is_reached() -> None:
    assert rows().sql == "false"


def test_anything_is_no_condition_whatever_else_is_granted() -> None:
    assert rows(Scope.ANY) == rows(Scope.SELF, Scope.ANY, Scope.REPORTS) == TRUE


def test_each_scope_is_one_condition() -> None:
    assert rows(Scope.SELF) == Condition("learner_id = %s", (ME,))
    assert rows(Scope.REPORTS) == Condition(f"learner_id = ANY(ARRAY({REPORTS}))", (ME,))
    assert rows(Scope.OWN_COURSES) == Condition(f"course_id = ANY(ARRAY({OWN_COURSES}))", (ME,))


def test_scopes_add_up() -> None:
    both = rows(Scope.SELF, Scope.OWN_COURSES)
    assert both.sql == f"(learner_id = %s OR course_id = ANY(ARRAY({OWN_COURSES})))"
    assert both.params == (ME, ME)


def test_a_scope_without_its_column_reaches_nothing() -> None:
    assert Reach(ME, frozenset({Scope.REPORTS})).rows(course="course_id").sql == "false"


def test_many_reports_are_asked_of_each_row() -> None:
    condition = rows(Scope.REPORTS, many=True)
    assert "person.id = learner_id" in condition.sql
    assert condition.params == (ME,)


def test_both_ways_find_the_same_people(
    reading: Reading, pool: Pool, a_learner: Person, a_manager: Person, a_director: Person
) -> None:
    reading.project()
    for many in (False, True):
        reach = Reach(a_director.id, frozenset({Scope.REPORTS}), many)
        where = Where(reach.learners("learner.id"))
        with pool.connection() as connection:
            found = connection.execute(
                f"SELECT id FROM read_models.learner{where}".encode(), where.params
            ).fetchall()
        assert {id for (id,) in found} == {a_learner.id, a_manager.id}
    with pool.connection() as connection:
        assert connection.execute(HAS_MANY.encode(), (a_director.id,)).fetchone() is None


def test_who_may_never_ask_is_refused() -> None:
    employee = Actor(id=ME, roles=frozenset({Role.EMPLOYEE}))
    assert not reach_of(employee, "ListUsers")
    with pytest.raises(Forbidden):
        required_reach(employee, "ListUsers")
    with pytest.raises(Forbidden):
        required_reach(Actor(id=None, roles=frozenset({Role.SYSTEM})), "ListUsers")


def test_conditions_are_put_together() -> None:
    assert str(Where()) == ""
    where = Where(TRUE).given("a = %s", 1).given("b = %s", None).also(any_of([FALSE]))
    assert (str(where), where.params) == (" WHERE a = %s AND false", (1,))
    assert any_of([FALSE, TRUE]) == TRUE
