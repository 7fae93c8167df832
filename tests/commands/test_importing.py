"""Files of people, carried out while others change the same people."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from psycopg_pool import ConnectionPool

from access.actor import Actor
from commands.importing import run
from commands.importing.reports import forget_reports
from commands.importing.run import Importer
from commands.learner import ChangeRoles, UpdateLearner
from commands.organization import AddDepartment, RemoveDepartment
from commands.service_account import (
    ChangeServiceAccess,
    CreateServiceAccount,
    DisableServiceAccount,
)
from commands.user_import import ImportUsers
from domain.learner import Learner
from domain.organization import DepartmentNotEmpty
from domain.roles import Role
from tests.commands.system import Given, Person, System
from tests.servers.postgres import Database


class Desk:
    """Where files are handed in and carried out, one person at a time."""

    def __init__(self, system: System, pool: ConnectionPool[Any]) -> None:
        self.system = system
        self.boss = Given(system).an_administrator()
        self._pool = pool
        self._meanwhile: list[Callable[[], object]] = []
        self._importer = Importer(
            system.log, system.passwords, system.dispatcher, pool, on_recorded=self._recorded
        )

    def imports(
        self, file: str, *meanwhile: Callable[[], object], by: Actor | None = None
    ) -> list[str]:
        """What became of each row; of `meanwhile` one happens after each row that is recorded."""
        while self._importer.carry_out_next():
            continue
        id = self.system.dispatch(ImportUsers(content=file), by or self.boss.actor).id
        self._meanwhile = [*meanwhile]
        assert self._importer.carry_out_next()
        with self._pool.connection() as connection:
            rows = connection.execute(
                "SELECT outcome FROM provisioning.import_rows WHERE import_id = %s ORDER BY line",
                (id,),
            ).fetchall()
        return [outcome for (outcome,) in rows]

    def person(self, person: Person) -> Learner:
        found = self.system.log.find_latest(Learner, person.id)
        assert found is not None
        return found

    def row(self, person: Person, *more: str) -> str:
        learner = self.person(person)
        return ",".join([learner.username, learner.email, *more])

    def _recorded(self, _: int) -> None:
        if self._meanwhile:
            self._meanwhile.pop(0)()


@pytest.fixture
def desk(
    system: System, shared_database: Database, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    monkeypatch.setattr(run, "ROWS_IN_A_PIECE", 1)
    with ConnectionPool(
        shared_database.write_url, min_size=1, max_size=2, kwargs={"autocommit": True}, open=True
    ) as pool:
        yield Desk(system, pool)


def test_a_file_and_somebody_else_make_no_circle_of_managers(desk: Desk, given: Given) -> None:
    one, two, other, boss, head = (given.a_person() for _ in range(5))
    name_of = {each.id: desk.person(each).username for each in (other, head)}
    file = "\n".join(
        [
            "username,email,manager",
            desk.row(one, name_of[other.id]),
            desk.row(two, name_of[other.id]),
            desk.row(boss, name_of[head.id]),
        ]
    )
    turned = UpdateLearner(learner_id=head.id, manager_id=boss.id)
    outcomes = desk.imports(file, lambda: desk.system.dispatch(turned))
    assert outcomes == ["updated", "updated", "refused"]
    assert desk.person(two).manager_id == other.id
    assert desk.person(head).manager_id == boss.id
    assert desk.person(boss).manager_id is None


def test_a_department_that_goes_in_the_meantime_stays_a_name(desk: Desk, given: Given) -> None:
    one, other = given.a_person(), given.a_person()
    kept, gone = f"Kept {uuid4().hex}", f"Gone {uuid4().hex}"
    kept_id = desk.system.dispatch(AddDepartment(name=kept)).id
    gone_id = desk.system.dispatch(AddDepartment(name=gone)).id
    file = "\n".join(
        ["username,email,department", desk.row(one, kept.upper()), desk.row(other, gone)]
    )
    removal = RemoveDepartment(department_id=gone_id)
    assert desk.imports(file, lambda: desk.system.dispatch(removal)) == ["updated", "updated"]
    assert (desk.person(one).department, desk.person(one).department_id) == (kept, kept_id)
    assert (desk.person(other).department, desk.person(other).department_id) == (gone, None)
    desk.system.when(RemoveDepartment(department_id=kept_id)).refuses(DepartmentNotEmpty)


def test_a_file_makes_nobody_a_department_admin(desk: Desk, given: Given) -> None:
    department = given.a_department()
    somebody, admin = given.a_person(), given.a_department_admin(department)
    roles = "department_admin;instructor"
    file = "\n".join(["username,email,roles", desk.row(somebody, roles), desk.row(admin, roles)])
    assert desk.imports(file) == ["refused", "updated"]
    assert desk.person(admin).administers == [department]


def test_who_loses_the_right_amid_an_import_brings_nobody_in_any_more(
    desk: Desk, given: Given
) -> None:
    boss, people = given.an_administrator(), [given.a_person() for _ in range(3)]
    file = "\n".join(["username,email,job_role", *(desk.row(each, "Welder") for each in people)])
    demoted = ChangeRoles(learner_id=boss.id, roles=[Role.EMPLOYEE])
    outcomes = desk.imports(file, lambda: desk.system.dispatch(demoted), by=boss.actor)
    assert outcomes == ["updated"]
    assert [desk.person(each).job_role for each in people] == ["Welder", None, None]
    with desk.system.pool.connection() as connection:
        state = connection.execute(
            "SELECT state FROM provisioning.imports WHERE created_by = %s", (boss.id,)
        ).fetchone()
    assert state == ("failed",)


def test_a_service_account_that_is_disabled_brings_nobody_in(system: System) -> None:
    made = CreateServiceAccount(
        name=uuid4().hex, roles=[Role.ADMIN], secret_id=uuid4(), secret_hash=bytes(32)
    )
    account = system.dispatch(made).id
    assert run.may_import(system.log, account)
    narrow = ChangeServiceAccess(
        service_account_id=account, roles=[Role.ADMIN], scopes=["ListUsers"]
    )
    system.dispatch(narrow)
    assert not run.may_import(system.log, account)
    system.dispatch(ChangeServiceAccess(service_account_id=account, roles=[Role.ADMIN]))
    assert run.may_import(system.log, account)
    system.dispatch(DisableServiceAccount(service_account_id=account))
    assert not run.may_import(system.log, account)


def test_reports_go_after_a_while(desk: Desk, given: Given) -> None:
    desk.imports("username,email\n" + desk.row(given.a_person()))
    with desk.system.pool.connection() as connection:
        ended = connection.execute(
            "SELECT max(ended_at) FROM provisioning.imports WHERE created_by = %s", (desk.boss.id,)
        ).fetchone()
    assert ended is not None
    forget_reports(desk.system.pool, ended[0])
    assert forget_reports(desk.system.pool, ended[0] + timedelta(microseconds=1)) == 1
