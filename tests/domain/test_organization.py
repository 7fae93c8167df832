"""The tree of departments stays a tree, whatever is done to it."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from domain.errors import DomainError, Invalid
from domain.identity import canonical
from domain.organization import (
    MAX_DEPTH,
    Department,
    DepartmentNameTaken,
    DepartmentNotEmpty,
    DepartmentNotFound,
    Organization,
)
from tests.domain.grammar import NOW, Scenario, a_uuid, bad_text, fact, given

ALL, SALES, EUROPE = a_uuid(1), a_uuid(2), a_uuid(3)


def added(id: UUID, name: str, parent_id: UUID | None = None) -> Any:
    return fact(Organization.DepartmentAdded, department_id=id, name=name, parent_id=parent_id)


def a_company() -> Scenario[Organization]:
    """All › Sales › Europe."""
    return given(
        Organization,
        fact(Organization.Founded),
        added(ALL, "All"),
        added(SALES, "Sales", ALL),
        added(EUROPE, "Europe", SALES),
    )


def test_departments_are_added_below_others() -> None:
    id = a_uuid(4)
    outcome = a_company().when(
        lambda it: it.add(department_id=id, name=" Asia ", parent_id=SALES, at=NOW)
    )
    organization = outcome.then(added(id, "Asia", SALES))
    assert organization.departments[id] == Department("Asia", SALES)
    assert organization.is_within(id, [ALL])
    assert organization.is_within(id, [id])
    assert not organization.is_within(SALES, [id])
    assert not organization.is_within(None, [ALL])


@pytest.mark.parametrize("name", ["Europe", "EUROPE", " ｅｕｒｏｐｅ "])
def test_no_two_beside_each_other_have_one_name(name: str) -> None:
    a_company().when(
        lambda it: it.add(department_id=a_uuid(4), name=name, parent_id=SALES, at=NOW)
    ).refuses(DepartmentNameTaken)
    a_company().when(
        lambda it: it.add(department_id=a_uuid(4), name=name, parent_id=ALL, at=NOW)
    ).then(added(a_uuid(4), name.strip(), ALL))


@bad_text
def test_a_department_has_a_name(bad: str) -> None:
    add = a_company().when(
        lambda it: it.add(department_id=a_uuid(4), name=bad, parent_id=None, at=NOW)
    )
    add.refuses(Invalid, "name")
    a_company().when(lambda it: it.rename(department_id=ALL, name=bad, at=NOW)).refuses(
        Invalid, "name"
    )


def test_renaming_may_change_the_case_and_may_change_nothing() -> None:
    a_company().when(lambda it: it.rename(department_id=ALL, name="ALL", at=NOW)).then(
        fact(Organization.DepartmentRenamed, department_id=ALL, name="ALL")
    )
    a_company().when(lambda it: it.rename(department_id=ALL, name="All", at=NOW)).nothing()


@pytest.mark.parametrize("parent_id", [ALL, SALES, EUROPE])
def test_nothing_is_moved_below_itself(parent_id: UUID) -> None:
    a_company().when(lambda it: it.move(department_id=ALL, parent_id=parent_id, at=NOW)).refuses(
        Invalid, "parent_id"
    )


def test_a_department_moves_with_everything_below() -> None:
    outcome = a_company().when(lambda it: it.move(department_id=SALES, parent_id=None, at=NOW))
    organization = outcome.then(
        fact(Organization.DepartmentMoved, department_id=SALES, parent_id=None)
    )
    assert organization.is_within(EUROPE, [SALES])
    assert not organization.is_within(EUROPE, [ALL])


def test_only_what_is_empty_is_removed() -> None:
    def removal(id: UUID, is_used: bool) -> Any:
        return a_company().when(lambda it: it.remove(department_id=id, is_used=is_used, at=NOW))

    removal(SALES, False).refuses(DepartmentNotEmpty)
    removal(EUROPE, True).refuses(DepartmentNotEmpty)
    removal(a_uuid(9), False).refuses(DepartmentNotFound)
    removal(EUROPE, False).then(fact(Organization.DepartmentRemoved, department_id=EUROPE))


def test_a_tree_has_only_so_many_levels() -> None:
    deep = [added(a_uuid(0), "0")]
    deep += [added(a_uuid(n), str(n), a_uuid(n - 1)) for n in range(1, MAX_DEPTH)]
    alone = added(a_uuid(99), "99")
    scenario = given(Organization, fact(Organization.Founded), *deep, alone)
    last = a_uuid(MAX_DEPTH - 1)
    scenario.when(
        lambda it: it.add(department_id=a_uuid(50), name="50", parent_id=last, at=NOW)
    ).refuses(Invalid, "parent_id")
    scenario.when(
        lambda it: it.move(department_id=a_uuid(0), parent_id=a_uuid(99), at=NOW)
    ).refuses(Invalid, "parent_id")


class Tree(RuleBasedStateMachine):
    """Any commands in any order, against a plain map from child to parent."""

    ids = Bundle("ids")

    def __init__(self) -> None:
        super().__init__()
        self.organization = Organization.found(at=NOW)
        self.parents: dict[UUID, UUID | None] = {}

    @rule(target=ids, number=st.integers(0, 10**6), parent=st.one_of(st.none(), ids))
    def add(self, number: int, parent: UUID | None) -> Any:
        id = a_uuid(number)
        if id in self.parents:
            return multiple()
        try:
            self.organization.add(department_id=id, name=f"d{number % 7}", parent_id=parent, at=NOW)
        except DomainError:
            return multiple()
        self.parents[id] = parent
        return id

    @rule(id=ids, parent=st.one_of(st.none(), ids))
    def move(self, id: UUID, parent: UUID | None) -> None:
        try:
            self.organization.move(department_id=id, parent_id=parent, at=NOW)
        except DomainError:
            return
        self.parents[id] = parent

    @rule(id=ids, number=st.integers(0, 6))
    def rename(self, id: UUID, number: int) -> None:
        try:
            self.organization.rename(department_id=id, name=f"D{number}", at=NOW)
        except DomainError:
            return

    @rule(id=ids, is_used=st.booleans())
    def remove(self, id: UUID, is_used: bool) -> None:
        try:
            self.organization.remove(department_id=id, is_used=is_used, at=NOW)
        except DomainError:
            return
        assert not is_used
        del self.parents[id]

    @invariant()
    def it_is_what_was_accepted(self) -> None:
        found = {id: each.parent_id for id, each in self.organization.departments.items()}
        assert found == self.parents

    @invariant()
    def every_way_up_ends_at_the_top(self) -> None:
        for start in self.parents:
            id: UUID | None = start
            for _ in range(MAX_DEPTH):
                id = self.parents[id] if id is not None else None
            assert id is None

    @invariant()
    def siblings_differ_in_their_names(self) -> None:
        departments = self.organization.departments.values()
        names = [(each.parent_id, canonical(each.name)) for each in departments]
        assert len(names) == len(set(names))


TestTree = Tree.TestCase
TestTree.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
