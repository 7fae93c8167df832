"""Erasing people: who may, who decides, what goes with it, and what stays."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from access.actor import Actor
from commands.certificate import IssueCertificate
from commands.erasure import (
    ApproveErasure,
    EraseLearner,
    RecordScrubbed,
    RefuseErasure,
)
from commands.external_identity import RegisterFromProvider
from commands.feedback import SubmitFeedback
from commands.learner import ReactivateLearner, RegisterLearner, UpdateLearner
from commands.standing import LastAdministrator
from commands.step_up import StepUpRequired
from domain.erasure import (
    AnotherPersonNeeded,
    Erasure,
    ErasureDecided,
    ErasureState,
    Ground,
    LegalBasis,
)
from domain.errors import Forbidden, Invalid
from domain.feedback import Feedback
from domain.identity import external_identity_id, feedback_id, unique_name_id
from domain.learner import Learner, LearnerErased
from domain.roles import Role
from domain.unique_name import UniqueName
from event_store.erasure import ErasureWatch, replay_erasures
from tests.commands.system import ADMIN, NOW, Given, Person, System
from tests.servers.postgres import Database

BASIS = LegalBasis.CONSENT_WITHDRAWN


@pytest.fixture
def officer(given: Given) -> Actor:
    """An administrator with an account, who has proved a moment ago who they are."""
    return proven(given.a_person(Role.ADMIN))


@pytest.fixture
def colleague(given: Given) -> Actor:
    return proven(given.a_person(Role.ADMIN))


@pytest.fixture
def alone(system: System) -> Iterator[System]:
    """A process where no second person is needed."""
    alone = system.another(two_persons=False)
    yield alone
    alone.close()


def proven(person: Person) -> Actor:
    return Actor(person.id, person.actor.roles, authenticated_at=NOW)


def erase(system: System, person: Person, officer: Actor, colleague: Actor) -> Any:
    asked = system.dispatch(EraseLearner(learner_id=person.id, legal_basis=BASIS), officer)
    system.dispatch(ApproveErasure(erasure_id=asked.id), colleague)
    return asked.id


def test_one_asks_and_another_approves(
    system: System, given: Given, officer: Actor, colleague: Actor
) -> None:
    person = given.a_person()
    asking = EraseLearner(learner_id=person.id, legal_basis=BASIS)
    asked = system.when(asking, officer)
    asked.then(Erasure.Requested)
    assert not system.log.find_latest(Learner, person.id).erased  # type: ignore[union-attr]

    system.when(ApproveErasure(erasure_id=asked.id), officer).refuses(AnotherPersonNeeded)
    approved = system.when(ApproveErasure(erasure_id=asked.id), colleague)

    kinds = {type(fact) for fact in approved.facts}
    assert kinds == {Erasure.Approved, Erasure.CarriedOut, Learner.Erased, UniqueName.Released}
    learner = system.log.find_latest(Learner, person.id)
    assert learner is not None
    assert (learner.full_name, learner.email, learner.active) == ("erased person",) * 2 + (False,)
    assert system.when(asking, officer).recorded.id == asked.id  # type: ignore[union-attr]
    system.when(ApproveErasure(erasure_id=asked.id), colleague).refuses(ErasureDecided)
    system.when(ReactivateLearner(learner_id=person.id)).refuses(LearnerErased)


def test_one_is_enough_where_the_rule_is_off(alone: System, given: Given, officer: Actor) -> None:
    person = given.a_person()
    erased = alone.when(EraseLearner(learner_id=person.id, legal_basis=BASIS), officer)
    assert {Erasure.CarriedOut, Learner.Erased} < {type(fact) for fact in erased.facts}


def test_people_may_ask_for_their_own_erasure_but_never_decide_it(
    alone: System, given: Given, colleague: Actor
) -> None:
    for person in (given.a_person(), given.a_person(Role.ADMIN)):
        me = proven(person)
        asked = alone.when(EraseLearner(learner_id=person.id, legal_basis=BASIS), me)
        asked.then(Erasure.Requested)
        error = AnotherPersonNeeded if Role.ADMIN in me.roles else Forbidden
        alone.when(ApproveErasure(erasure_id=asked.id), me).refuses(error)
        assert alone.dispatch(ApproveErasure(erasure_id=asked.id), colleague)


def test_a_refusal_keeps_its_ground_and_a_new_wish_is_another_one(
    system: System, given: Given, officer: Actor, colleague: Actor
) -> None:
    person = given.a_person()
    asking = EraseLearner(learner_id=person.id, legal_basis=BASIS)
    first = system.dispatch(asking, officer)
    refusal = RefuseErasure(erasure_id=first.id, ground=Ground.LEGAL_CLAIMS, reason="Case 7")
    blank = RefuseErasure(erasure_id=first.id, ground=Ground.LEGAL_CLAIMS, reason=" ")
    system.when(blank, colleague).refuses(Invalid, "reason")
    refused = system.when(refusal, colleague)
    refused.then(Erasure.Refused)
    assert refused.facts[0].ground is Ground.LEGAL_CLAIMS
    system.when(ApproveErasure(erasure_id=first.id), colleague).refuses(ErasureDecided)

    second = system.dispatch(asking, officer)
    assert second.id != first.id
    assert system.dispatch(ApproveErasure(erasure_id=second.id), colleague)


def test_who_has_not_proved_who_they_are_erases_nobody(system: System, given: Given) -> None:
    admin = given.a_person(Role.ADMIN)
    asking = EraseLearner(learner_id=given.a_person().id, legal_basis=BASIS)
    system.when(asking, admin.actor).refuses(StepUpRequired)


def test_an_administrator_is_erased_by_another_one_only(
    alone: System, given: Given, officer: Actor
) -> None:
    last = given.a_person(Role.ADMIN)
    asking = EraseLearner(learner_id=last.id, legal_basis=BASIS)
    alone.when(asking, ADMIN).refuses(LastAdministrator)  # has no account
    service = Actor(
        uuid4(), frozenset({Role.ADMIN}), operations=frozenset({"EraseLearner"}), is_service=True
    )
    alone.when(asking, service).refuses(LastAdministrator)
    assert alone.dispatch(asking, officer)
    back = EraseLearner(learner_id=officer.id, legal_basis=BASIS)  # type: ignore[arg-type]
    alone.when(back, proven(last)).refuses(LastAdministrator)


def test_of_two_administrators_who_erase_each_other_one_is_left(
    alone: System, given: Given, officer: Actor, colleague: Actor
) -> None:
    """The other was erased after this one was decided: it is decided again, and refused."""
    other = alone.another(two_persons=False)
    asking = EraseLearner(learner_id=officer.id, legal_basis=BASIS)  # type: ignore[arg-type]
    assert colleague.id is not None
    alone.log.find(Learner, colleague.id)  # in the cache, as still active
    back = EraseLearner(learner_id=colleague.id, legal_basis=BASIS)
    other.dispatch(back, officer)
    alone.when(asking, colleague).refuses(LastAdministrator)
    other.close()


def test_names_are_free_again_and_accounts_elsewhere_lead_nowhere(
    system: System, given: Given, officer: Actor, colleague: Actor
) -> None:
    command = RegisterFromProvider(
        provider="oidc:corporate",
        issuer="https://id.example",
        subject="jane",
        username="jane",
        email="jane@example.com",
        full_name="Jane Roe",
    )
    id = system.dispatch(command).id
    erase(system, Person(id, Actor(id, frozenset())), officer, colleague)

    again = system.dispatch(command)
    assert again.id != id
    owner = system.log.find_latest(UniqueName, unique_name_id("email", "jane@example.com"))
    assert owner is not None
    assert owner.owner_id == again.id
    assert external_identity_id("https://id.example", "jane")


def test_nothing_operational_names_the_person(
    system: System, given: Given, officer: Actor, colleague: Actor, shared_database: Database
) -> None:
    name = uuid4().hex
    register = RegisterLearner(
        username=name,
        email=f"{name}@example.com",
        full_name="Jane Roe",
        password="correct horse battery staple 7",
    )
    id = system.dispatch(register).id
    me = Actor(id, frozenset({Role.EMPLOYEE}))
    system.dispatch(UpdateLearner(learner_id=id, language="de"), me, idempotency_key="mine")
    with psycopg.connect(shared_database.owner_url, autocommit=True) as owner:
        fill_operational_tables(owner, id, unique_name_id("email", f"{name}@example.com"))
        before = places_of(owner, id)
        assert len(before) > 12
        erase(system, Person(id, me), officer, colleague)
        assert places_of(owner, id) == {
            "access.members",
            "access.standing",
            "erasure.scrubs",
            "event_store.events",
            "event_store.personal_keys",
        }
        key = owner.execute(
            "SELECT wrapped_key, destroyed_at IS NULL FROM event_store.personal_keys"
            " WHERE person_id = %s",
            (id,),
        ).fetchone()
        assert key == (None, False)


def fill_operational_tables(owner: psycopg.Connection[Any], id: Any, email: Any) -> None:
    later, hash_ = "now() + interval '1 day'", b"h" * 32
    session = uuid4()
    rows: list[tuple[str, list[Any]]] = [
        ("access.former_passwords VALUES (%s, now(), 'x')", [id]),
        (f"access.totp VALUES (%s, gen_random_uuid(), 'x', {later}, null, 0)", [id]),
        ("access.recovery_codes VALUES (%s, %s)", [id, hash_]),
        (
            (
                "access.login_challenges (token_hash, learner_id, factors, tries_left, expires_at)"
                f" VALUES (%s, %s, '{{pwd}}', 3, {later})"
            ),
            [hash_, id],
        ),
        (
            (
                "access.sessions (session_id, learner_id, started_at, expires_at, authenticated_at,"
                f" last_used_at) VALUES (%s, %s, now(), {later}, now(), now())"
            ),
            [session, id],
        ),
        (f"access.refresh_tokens VALUES (%s, %s, {later}, null)", [hash_, session]),
        (f"access.reset_tokens VALUES (gen_random_uuid(), %s, %s, {later})", [id, hash_]),
        (
            "access.outgoing_mail VALUES (gen_random_uuid(), %s, 'password-changed', now(), now())",
            [id],
        ),
        (
            (
                "access.reset_wishes VALUES"
                " (gen_random_uuid(), gen_random_uuid(), %s, null, gen_random_uuid(), now())"
            ),
            [email],
        ),
        (
            (
                "access.refusals (key, kind, reason, learner_id, counted, first_at, last_at, pause)"
                " VALUES (%s, 'a', 'b', %s, 1, now(), now(), '1 s')"
            ),
            [hash_, id],
        ),
        ("event_store.snapshots VALUES (%s, 1, 'learner.snapshot.v0', '\"x\"')", [id]),
    ]
    for row, params in rows:
        owner.execute(f"INSERT INTO {row}", params)


def places_of(owner: psycopg.Connection[Any], id: Any) -> set[str]:
    """The tables in which the person's id stands."""
    tables = owner.execute(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
        " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    ).fetchall()
    return {
        table
        for (table,) in tables
        if owner.execute(f"SELECT 1 FROM {table} t WHERE t::text LIKE %s", (f"%{id}%",)).fetchone()
    }


def test_what_comes_too_late_is_recorded_without_the_person(
    system: System, given: Given, officer: Actor, colleague: Actor
) -> None:
    """A command of another process that knows of no erasure yet, and a policy's."""
    author, person = given.a_person(Role.INSTRUCTOR), given.a_person()
    course = given.a_published_course(author)
    enrollment = given.a_completed_enrollment(person, course)
    erase(system, person, officer, colleague)
    fresh = system.another()
    said = SubmitFeedback(course_id=course.id, rating=5, feedback_text="Too late")
    fresh.dispatch(said, person.actor, source_address="192.0.2.7")
    found = fresh.log.find_latest(Feedback, feedback_id(person.id, course.id))
    assert found is not None
    late = next(iter(fresh.log.events.get(found.id)))
    assert late.feedback_text == "erased person"  # type: ignore[attr-defined]
    fresh.when(IssueCertificate(enrollment_id=enrollment.id))
    fresh.close()


def test_other_processes_forget_within_seconds(
    system: System, given: Given, officer: Actor, colleague: Actor
) -> None:
    person = given.a_person()
    other = system.another()
    watch = ErasureWatch(other.log, other.pool)
    cached = other.log.find(Learner, person.id)
    assert cached is not None
    assert cached.full_name == "Jane Doe"
    erase(system, person, officer, colleague)
    watch.look()
    forgetful = other.log.find(Learner, person.id)
    assert forgetful is not None
    assert forgetful.full_name == "erased person"
    other.close()


def test_a_key_that_a_restore_brings_back_is_destroyed_again(
    system: System, given: Given, officer: Actor, colleague: Actor, shared_database: Database
) -> None:
    person, kept = given.a_person(), given.a_person()
    erase(system, person, officer, colleague)
    with psycopg.connect(shared_database.owner_url, autocommit=True) as owner:
        owner.execute(
            "UPDATE event_store.personal_keys SET wrapped_key = 'restored', destroyed_at = NULL"
            " WHERE person_id = %s",
            (person.id,),
        )
        assert replay_erasures(owner) == [person.id]
        assert replay_erasures(owner) == []
        keys = owner.execute(
            "SELECT person_id, wrapped_key IS NULL FROM event_store.personal_keys"
            " WHERE person_id = ANY(%s)",
            ([person.id, kept.id],),
        ).fetchall()
    assert dict(keys) == {person.id: True, kept.id: False}


def test_that_it_was_scrubbed_is_noted_once(
    system: System, given: Given, officer: Actor, colleague: Actor
) -> None:
    id = erase(system, given.a_person(), officer, colleague)
    note = RecordScrubbed(erasure_id=id, places=["learner_v4.learner"])
    system.when(note).then(Erasure.Scrubbed)
    system.when(note).then()
    found = system.log.find_latest(Erasure, id)
    assert found is not None
    assert found.state is ErasureState.SCRUBBED
