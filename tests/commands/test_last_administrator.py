"""There is always somebody left who can grant roles."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg_pool import ConnectionPool

import migrations
from access.actor import SYSTEM
from access.external_identities import ExternalIdentities
from commands.context import Context
from commands.directory import DirectorySync
from commands.external_identity import LinkIdentity
from commands.group import ApplyGroupRoles, ChangeGroupMembers, CreateGroup, MapGroupRoles
from commands.importing.run import Importer
from commands.learner import ChangeRoles, DeactivateLearner, ReactivateLearner
from commands.message import Command
from commands.provisioning import DeprovisionUser, ReplaceProvisionedUser
from commands.standing import LastAdministrator
from commands.user_import import ImportUsers
from commands.vouched import AccountPolicy
from domain.learner import Learner
from domain.roles import Role
from tests.commands.system import Given, Person, System
from tests.commands.vouching import People
from tests.servers.postgres import Database

MIGRATIONS = Path(migrations.__file__).parent


@pytest.fixture
def the_only(system: System, given: Given) -> Person:
    """An administrator with nobody beside them, whatever other tests have left."""
    person = given.a_person(Role.ADMIN)
    alone(system, person)
    return person


def alone(system: System, *people: Person) -> None:
    with system.pool.connection() as connection:
        connection.execute(
            "DELETE FROM access.administrators WHERE learner_id <> ALL (%s)",
            ([person.id for person in people],),
        )


def administrators(system: System) -> set[Any]:
    with system.pool.connection() as connection:
        rows = connection.execute("SELECT learner_id FROM access.administrators").fetchall()
    return {row[0] for row in rows}


def learner(system: System, person: Person) -> Learner:
    found = system.log.find_latest(Learner, person.id)
    assert found is not None
    return found


def told_otherwise(system: System, person: Person) -> ReplaceProvisionedUser:
    known = learner(system, person)
    return ReplaceProvisionedUser(
        learner_id=person.id,
        username=known.username,
        email=known.email,
        full_name=known.full_name,
        active=False,
    )


WAYS: dict[str, Callable[[System, Person], Command]] = {
    "roles": lambda _, it: ChangeRoles(learner_id=it.id, roles=[Role.EMPLOYEE]),
    "deactivation": lambda _, it: DeactivateLearner(learner_id=it.id),
    "the company's directory": told_otherwise,
    "its end there": lambda _, it: DeprovisionUser(learner_id=it.id),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_last_one_stays(system: System, given: Given, the_only: Person, way: str) -> None:
    command = WAYS[way](system, the_only)
    system.when(command).refuses(LastAdministrator)
    assert learner(system, the_only).active
    given.a_person(Role.ADMIN)
    system.dispatch(command)
    assert the_only.id not in administrators(system)


def test_who_is_deactivated_does_not_count(system: System, given: Given, the_only: Person) -> None:
    other = given.a_person(Role.ADMIN)
    system.dispatch(DeactivateLearner(learner_id=other.id))
    system.when(DeactivateLearner(learner_id=the_only.id)).refuses(LastAdministrator)
    system.dispatch(ReactivateLearner(learner_id=other.id))
    system.dispatch(DeactivateLearner(learner_id=the_only.id))


def test_whoever_is_made_one_counts(system: System, a_stranger: Person, the_only: Person) -> None:
    roles = [Role.EMPLOYEE, Role.ADMIN]
    system.dispatch(ChangeRoles(learner_id=a_stranger.id, roles=roles))
    assert administrators(system) == {the_only.id, a_stranger.id}
    system.dispatch(DeactivateLearner(learner_id=the_only.id))


class FirstLook:
    """Waits after the first look until another has had theirs; a second one is on one's own."""

    def __init__(self, looks: Callable[..., bool], both: threading.Barrier) -> None:
        self._looks, self._both, self._first = looks, both, True

    def __call__(self, query: str, params: Any) -> bool:
        answer = self._looks(query, params)
        if self._first:
            self._first = False
            self._both.wait(10)
        return answer


def test_of_two_at_once_that_unmake_each_other_one_is_refused(
    system: System, another_process: System, given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [given.a_person(Role.ADMIN), given.a_person(Role.ADMIN)]
    alone(system, *people)
    both_looked = threading.Barrier(2)
    refusals: list[Exception] = []
    for process in (system, another_process):
        recorder = process.log.recorder
        monkeypatch.setattr(recorder, "says", FirstLook(recorder.says, both_looked))

    def unmake(process: System, person: Person) -> None:
        try:
            process.dispatch(DeactivateLearner(learner_id=person.id))
        except LastAdministrator as refusal:
            refusals.append(refusal)

    threads = [
        threading.Thread(target=unmake, args=each)
        for each in zip((system, another_process), people, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refusals) == 1
    assert [learner(system, each).active for each in people].count(True) == 1


def test_a_group_takes_nothing_from_the_last_one(system: System, the_only: Person) -> None:
    group = system.dispatch(CreateGroup(display_name="Admins", members=[the_only.id])).id
    apply = ApplyGroupRoles(group_id=group, learner_id=the_only.id)
    system.dispatch(ChangeRoles(learner_id=the_only.id, roles=[Role.ADMIN, Role.EMPLOYEE]))
    system.dispatch(MapGroupRoles(group_id=group, roles=[Role.ADMIN]))
    system.dispatch(apply, SYSTEM)
    # Held by the group alone from now on, as if it had been granted by it.
    system.dispatch(ChangeGroupMembers(group_id=group, remove=[the_only.id]))
    system.dispatch(apply, SYSTEM)
    assert Role.ADMIN in learner(system, the_only).roles


def test_who_is_the_last_one_by_a_group_alone_stays_until_there_is_another(
    system: System, given: Given, a_stranger: Person
) -> None:
    group = system.dispatch(CreateGroup(display_name="Admins", members=[a_stranger.id])).id
    apply = ApplyGroupRoles(group_id=group, learner_id=a_stranger.id)
    system.dispatch(MapGroupRoles(group_id=group, roles=[Role.ADMIN]))
    system.dispatch(apply, SYSTEM)
    assert a_stranger.id in administrators(system)
    alone(system, a_stranger)
    system.dispatch(ChangeGroupMembers(group_id=group, remove=[a_stranger.id]))
    system.when(apply, SYSTEM).refuses(LastAdministrator)
    assert Role.ADMIN in learner(system, a_stranger).roles
    assert administrators(system) == {a_stranger.id}

    other = given.a_person(Role.ADMIN)
    system.dispatch(apply, SYSTEM)  # as the policy's parked command, once it is tried again
    assert Role.ADMIN not in learner(system, a_stranger).roles
    assert administrators(system) == {other.id}


def test_a_directory_that_has_lost_them_does_not_either(system: System, the_only: Person) -> None:
    system.dispatch(
        LinkIdentity(learner_id=the_only.id, provider="ldap", issuer="ldap", subject=str(the_only))
    )
    with system.pool.connection() as connection:
        connection.execute(
            "DELETE FROM access.external_identities WHERE learner_id <> %s", (the_only.id,)
        )
    sync = DirectorySync(
        system.log,
        system.dispatcher,
        ExternalIdentities(system.pool),
        People(set()),
        AccountPolicy(),
        context=system_context,
    )
    report = sync.run(dry_run=False)
    assert (report.deactivated, list(report.refused.values())) == ([], [1])
    assert learner(system, the_only).active


def system_context() -> Context:
    return Context(actor=SYSTEM, now=datetime.now(UTC), correlation_id=uuid4(), command_id=uuid4())


@pytest.fixture
def importer(system: System, shared_database: Database) -> Iterator[Importer]:
    with ConnectionPool(
        shared_database.write_url, min_size=1, max_size=2, kwargs={"autocommit": True}
    ) as pool:
        yield Importer(system.log, system.passwords, system.dispatcher, pool)


def test_of_all_administrators_that_a_file_unmakes_one_stays(
    system: System, given: Given, importer: Importer
) -> None:
    boss, people = given.an_administrator(), [given.a_person(Role.ADMIN) for _ in range(3)]
    alone(system, *people)
    while importer.carry_out_next():
        continue
    rows = [learner(system, each) for each in people]
    lines = [f"{each.username},{each.email},employee" for each in rows]
    system.dispatch(ImportUsers(content="\n".join(["username,email,roles", *lines])), boss.actor)
    assert importer.carry_out_next()
    assert sum(Role.ADMIN in learner(system, each).roles for each in people) == 1


def test_the_migration_finds_those_that_there_are(database: Database) -> None:
    system = System(database)
    given = Given(system)
    kept, back, demoted, gone = (given.a_person(Role.ADMIN) for _ in range(4))
    made, _ = given.a_person(), given.a_person()
    system.dispatch(ChangeRoles(learner_id=made.id, roles=[Role.ADMIN]))
    system.dispatch(ChangeRoles(learner_id=demoted.id, roles=[Role.EMPLOYEE]))
    for person in (back, gone):
        system.dispatch(DeactivateLearner(learner_id=person.id))
    system.dispatch(ReactivateLearner(learner_id=back.id))
    migration = (MIGRATIONS / "0015_doors.sql").read_text()
    query = migration.partition("INSERT INTO access.administrators\n")[2].partition(";")[0]
    with psycopg.connect(database.owner_url) as owner:
        found = {row[0] for row in owner.execute(query.encode()).fetchall()}
    assert found == administrators(system) == {kept.id, back.id, made.id}
    system.close()
