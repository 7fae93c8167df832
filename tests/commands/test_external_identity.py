"""Accounts of people whom somebody else vouches for."""

from typing import Any
from uuid import UUID, uuid4

import msgspec

from access.actor import SYSTEM
from access.external_identities import IDENTITIES_OF
from access.permissions import Scope
from commands.external_identity import (
    LastWayIn,
    LinkIdentity,
    RegisterFromProvider,
    UnlinkIdentity,
    unlink_all,
)
from commands.vouched import AccountPolicy
from commands.work import Work
from domain.errors import NotFound
from domain.external_identity import ExternalIdentity, IdentityNotLinked, IdentityTaken
from domain.identity import external_identity_id
from domain.learner import Learner
from domain.roles import Role
from domain.unique_name import NameTaken, UniqueName
from tests.commands.system import NOW, Given, System

ISSUER = "https://login.example.com"


def a_newcomer(subject: str, **more: Any) -> RegisterFromProvider:
    name = uuid4().hex
    command = RegisterFromProvider(
        provider="oidc:corporate",
        issuer=ISSUER,
        subject=subject,
        username=name,
        email=f"{name}@example.com",
        full_name="Ann Able",
    )
    return msgspec.structs.replace(command, **more)


def a_link(learner_id: UUID, subject: str) -> LinkIdentity:
    return LinkIdentity(
        learner_id=learner_id, provider="oidc:corporate", issuer=ISSUER, subject=subject
    )


def test_an_account_is_opened_with_its_link_at_once(system: System) -> None:
    outcome = system.when(a_newcomer(uuid4().hex), SYSTEM)
    claimed = UniqueName.Claimed
    outcome.then(Learner.Registered, claimed, claimed, ExternalIdentity.Linked)


def test_an_account_that_can_t_be_opened_leaves_no_link(system: System) -> None:
    first = a_newcomer(uuid4().hex)
    system.dispatch(first, SYSTEM)
    system.when(a_newcomer(uuid4().hex, email=first.email.upper()), SYSTEM).refuses(NameTaken)


def test_nobody_gets_a_second_account(system: System) -> None:
    subject = uuid4().hex
    system.dispatch(a_newcomer(subject), SYSTEM)
    system.when(a_newcomer(subject), SYSTEM).refuses(IdentityTaken)


def test_an_identity_is_one_account_s_until_it_is_unlinked(system: System, given: Given) -> None:
    subject, one, other = uuid4().hex, given.a_person().id, given.a_person().id
    system.when(a_link(one, subject)).then(ExternalIdentity.Linked)
    system.when(a_link(one, subject)).then()
    system.when(a_link(other, subject)).refuses(IdentityTaken)
    unlink = UnlinkIdentity(learner_id=one, identity_id=external_identity_id(ISSUER, subject))
    system.when(UnlinkIdentity(learner_id=other, identity_id=unlink.identity_id)).refuses(NotFound)
    system.when(unlink).then(ExternalIdentity.Unlinked)
    system.when(unlink).refuses(IdentityNotLinked)
    system.when(a_link(other, subject)).then(ExternalIdentity.Relinked)


def test_nobody_takes_their_own_last_way_in_away(system: System, given: Given) -> None:
    jane, subjects = given.a_person(), [uuid4().hex, uuid4().hex]
    actor = msgspec.structs.replace(jane.actor, authenticated_at=NOW)
    unlinks = [
        UnlinkIdentity(learner_id=jane.id, identity_id=external_identity_id(ISSUER, each))
        for each in subjects
    ]
    for subject in subjects:
        system.dispatch(a_link(jane.id, subject))
    system.when(unlinks[0], actor).then(ExternalIdentity.Unlinked)
    system.when(unlinks[1], actor).refuses(LastWayIn)
    system.when(unlinks[1]).then(ExternalIdentity.Unlinked)


def test_a_provider_grants_and_revokes_its_own_roles_only() -> None:
    policy = AccountPolicy(roles={"Trainers": Role.INSTRUCTOR, "Bosses": Role.MANAGER})
    held = [Role.AUDITOR, Role.MANAGER]
    assert policy.roles_of({"TRAINERS"}, held) == [Role.AUDITOR, Role.INSTRUCTOR]
    assert policy.roles_of(set(), held) == [Role.AUDITOR]
    assert policy.roles_of(set(), [Role.MANAGER]) == [Role.EMPLOYEE]
    assert policy.roles_of({"others"}) == [Role.EMPLOYEE]


def links(system: System, learner_id: UUID) -> set[UUID]:
    with system.pool.connection() as connection:
        rows = connection.execute(IDENTITIES_OF, (learner_id,)).fetchall()
    return {row[0] for row in rows}


def test_all_that_lets_somebody_in_from_elsewhere_ends_at_once(
    system: System, given: Given
) -> None:
    gone, stays = given.a_person(), given.a_person()
    theirs = [system.dispatch(a_link(gone.id, uuid4().hex)).id for _ in range(3)]
    other = system.dispatch(a_link(stays.id, uuid4().hex)).id
    work = Work(system.log, system.passwords, SYSTEM, NOW, frozenset({Scope.ANY}))
    unlink_all(gone.id, work)
    assert {each.id for each in work.also_saved} == set(theirs)
    system.log.append(work.also_saved, metadata=b"{}", also=work.also_executed)
    assert (links(system, gone.id), links(system, stays.id)) == (set(), {other})
    for id in theirs:
        identity = system.log.find_latest(ExternalIdentity, id)
        assert identity is not None
        assert identity.learner_id is None
    kept = system.log.find_latest(ExternalIdentity, other)
    assert kept is not None
    assert kept.learner_id == stays.id
    again = Work(system.log, system.passwords, SYSTEM, NOW, frozenset({Scope.ANY}))
    unlink_all(gone.id, again)
    assert again.also_saved == []
