"""Whatever two processes do at once, nobody is their own manager's manager, and no department
stands below itself."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ClassVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from commands.learner import UpdateLearner
from commands.message import Command
from commands.organization import MoveDepartment, RemoveDepartment
from domain.errors import Invalid
from domain.identity import organization_id
from domain.learner import Learner
from domain.organization import DepartmentNotEmpty, Organization
from tests.commands.system import Given, Outcome, System
from tests.commands.together import at_once, refusals

NODES = 5
node = st.integers(0, NODES - 1)
parent = st.one_of(st.none(), node)
process = st.integers(0, 1)


class Trees(RuleBasedStateMachine):
    """Five nodes, each of which is put below another one by one process or by two at once."""

    processes: ClassVar[list[System]]

    def __init__(self) -> None:
        super().__init__()
        self.nodes = self.make()

    def make(self) -> list[UUID]:
        raise NotImplementedError

    def put(self, child: UUID, parent: UUID | None) -> Command:
        raise NotImplementedError

    def parents(self) -> dict[UUID, UUID | None]:
        raise NotImplementedError

    @rule(child=node, parent=parent, process=process)
    def one(self, child: int, parent: int | None, process: int) -> None:
        before = self.parents()
        outcome = self._try(child, parent, process)()
        expected = before
        if outcome.refusal is None:
            expected = before | {self.nodes[child]: self._id(parent)}
        assert self.parents() == expected
        is_circle = parent is not None and self.nodes[child] in self._upwards(
            self.nodes[parent], before
        )
        assert isinstance(outcome.refusal, Invalid) is is_circle

    @rule(first=st.tuples(node, parent), second=st.tuples(node, parent))
    def two_at_once(self, first: tuple[int, int | None], second: tuple[int, int | None]) -> None:
        at_once(self._try(*first, 0), self._try(*second, 1))

    @invariant()
    def every_way_up_ends(self) -> None:
        parents = self.parents()
        for each in self.nodes:
            assert len(list(self._upwards(each, parents))) <= NODES

    def _try(self, child: int, parent: int | None, process: int) -> Callable[[], Outcome]:
        return sending(self.processes[process], self.put(self.nodes[child], self._id(parent)))

    def _id(self, number: int | None) -> UUID | None:
        return None if number is None else self.nodes[number]

    @staticmethod
    def _upwards(id: UUID | None, parents: dict[UUID, UUID | None]) -> Iterator[UUID]:
        for _ in range(NODES + 1):
            if id is None:
                return
            yield id
            id = parents[id]


class Managers(Trees):
    def make(self) -> list[UUID]:
        given = Given(self.processes[0])
        return [given.a_person().id for _ in range(NODES)]

    def put(self, child: UUID, parent: UUID | None) -> Command:
        return UpdateLearner(learner_id=child, manager_id=parent)

    def parents(self) -> dict[UUID, UUID | None]:
        found = {id: self.processes[0].log.find_latest(Learner, id) for id in self.nodes}
        return {id: learner.manager_id for id, learner in found.items() if learner}


class Departments(Trees):
    def make(self) -> list[UUID]:
        given = Given(self.processes[0])
        return [given.a_department() for _ in range(NODES)]

    def put(self, child: UUID, parent: UUID | None) -> Command:
        return MoveDepartment(department_id=child, parent_id=parent)

    def parents(self) -> dict[UUID, UUID | None]:
        organization = self.processes[0].log.find_latest(Organization, organization_id())
        assert organization is not None
        return {id: organization.departments[id].parent_id for id in self.nodes}


@contextmanager
def _in(machine: type[Trees], *processes: System) -> Iterator[None]:
    machine.processes = [*processes]
    yield
    del machine.processes


@pytest.mark.parametrize("machine", [Managers, Departments])
def test_no_order_of_commands_makes_a_circle(
    machine: type[Trees], system: System, another_process: System
) -> None:
    with _in(machine, system, another_process):
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=12,
                stateful_step_count=12,
                deadline=None,
                phases=[Phase.generate],  # shrinking would write to the database for minutes
                suppress_health_check=list(HealthCheck),
            ),
        )


def sending(process: System, command: Command) -> Callable[[], Outcome]:
    return lambda: process.when(command)


def test_of_two_who_become_each_others_manager_at_once_one_is_refused(
    system: System, another_process: System, given: Given
) -> None:
    for _ in range(10):
        one, other = given.a_person().id, given.a_person().id
        outcomes = at_once(
            sending(system, UpdateLearner(learner_id=one, manager_id=other)),
            sending(another_process, UpdateLearner(learner_id=other, manager_id=one)),
        )
        assert refusals(outcomes) == [Invalid]


def test_whoever_comes_while_their_department_goes_is_refused_or_keeps_it(
    system: System, another_process: System, given: Given
) -> None:
    for _ in range(15):
        person, department = given.a_person().id, given.a_department()
        come, go = at_once(
            sending(system, UpdateLearner(learner_id=person, department_id=department)),
            sending(another_process, RemoveDepartment(department_id=department)),
        )
        (refused,) = refusals([come, go])
        assert refused is (DepartmentNotEmpty if come.refusal is None else Invalid)
