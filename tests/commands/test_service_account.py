"""Service accounts: what they are given, what they may do, and that the log names them."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from access.actor import Actor
from access.permissions import SENSITIVE, Scope, reach
from commands.client_credentials import ClientSecret, Refused, ServiceToken, TokenRefused
from commands.course import CreateCourse
from commands.errors import NotAPerson
from commands.feedback import SubmitFeedback
from commands.learner import ChangeRoles
from commands.service_account import (
    ChangeServiceAccess,
    CreateServiceAccount,
    DisableServiceAccount,
    EnableServiceAccount,
    IssueClientSecret,
    RevokeClientSecret,
)
from commands.step_up import StepUpRequired
from domain.course import Course
from domain.errors import Forbidden, Invalid
from domain.roles import Role
from domain.service_account import NoSuchSecret, TooManySecrets
from domain.unique_name import NameTaken
from tests.commands.doors import Doors
from tests.commands.system import ADMIN, System


@pytest.fixture
def doors(system: System) -> Doors:
    return Doors(system)


def a_client(doors: Doors, *roles: Role, scopes: list[str] | None = None) -> ClientSecret:
    return doors.clients.create(
        f"Client {uuid4().hex}",
        None,
        list(roles) or [Role.INSTRUCTOR],
        scopes,
        None,
        doors.context(doors.admin()),
    )


def token_of(doors: Doors, client: ClientSecret, scope: str | None = None) -> ServiceToken:
    address = f"client-{uuid4().hex}"
    context = doors.context(source_address=address)
    return doors.clients.token(str(client.client_id), client.client_secret, scope, context)


def actor_of(doors: Doors, client: ClientSecret, scope: str | None = None) -> Actor:
    return doors.actor(token_of(doors, client, scope).access_token)


def refusal(doors: Doors, client: ClientSecret, scope: str | None = None) -> Refused:
    with pytest.raises(TokenRefused) as refused:
        token_of(doors, client, scope)
    return refused.value.error


def test_a_client_acts_in_its_own_name(doors: Doors, system: System) -> None:
    client = a_client(doors)
    actor = actor_of(doors, client)
    assert (actor.id, actor.is_service) == (client.client_id, True)
    assert actor.roles == frozenset({Role.INSTRUCTOR})
    outcome = system.when(CreateCourse(title="Made by a program"), actor)
    recorded = outcome.then(Course.Created)
    assert system.metadata_at(recorded.position).actor == client.client_id


def test_a_secret_is_shown_once_and_in_no_event(doors: Doors, system: System) -> None:
    client = a_client(doors)
    assert client.client_secret not in repr(client)
    with system.pool.connection() as connection:
        rows = connection.execute(
            "SELECT data::text, metadata::text FROM event_store.events WHERE stream_id = %s",
            (client.client_id,),
        ).fetchall()
    assert len(rows) == 2
    assert client.client_secret not in str(rows)
    assert client.client_secret not in repr(token_of(doors, client))


def test_a_name_is_given_once(doors: Doors, system: System) -> None:
    def command() -> CreateServiceAccount:
        return CreateServiceAccount(
            name="HR Feed", roles=[Role.ANALYST], secret_id=uuid4(), secret_hash=uuid4().bytes * 2
        )

    system.dispatch(command())
    system.when(msgspec.structs.replace(command(), name=" hr feed ")).refuses(NameTaken)


@pytest.mark.parametrize(
    ("roles", "scopes", "field"),
    [
        ([], None, "roles"),
        ([Role.SYSTEM], None, "roles"),
        ([Role.ANALYST], ["DropEverything"], "scopes[0]"),
        ([Role.ANALYST], ["GetAnalytics", "CreateCourse"], "scopes[1]"),
        ([Role.ANALYST], [], "scopes"),
    ],
)
def test_access_must_make_sense(
    system: System, roles: list[Role], scopes: list[str] | None, field: str
) -> None:
    command = CreateServiceAccount(
        name=uuid4().hex, roles=roles, scopes=scopes, secret_id=uuid4(), secret_hash=bytes(32)
    )
    system.when(command).refuses(Invalid, field)


def test_two_secrets_at_most_so_that_one_can_follow_the_other(doors: Doors, system: System) -> None:
    first = a_client(doors)
    context = doors.context(doors.admin())
    second = doors.clients.issue(first.client_id, None, context)
    assert token_of(doors, first)
    assert token_of(doors, second)
    with pytest.raises(TooManySecrets):
        doors.clients.issue(first.client_id, None, context)
    revoke = RevokeClientSecret(service_account_id=first.client_id, secret_id=first.secret_id)
    system.dispatch(revoke)
    system.when(revoke).refuses(NoSuchSecret)
    assert refusal(doors, first) is Refused.INVALID_CLIENT
    assert token_of(doors, second)


def test_a_secret_expires(doors: Doors) -> None:
    first = a_client(doors)
    day = doors.clock.now + timedelta(days=1)
    second = doors.clients.issue(first.client_id, day, doors.context(doors.admin()))
    doors.clock.advance(seconds=86_400)
    assert refusal(doors, second) is Refused.INVALID_CLIENT
    assert token_of(doors, first)
    assert doors.clients.issue(first.client_id, None, doors.context(doors.admin()))


def test_a_token_has_what_the_account_has_or_what_is_asked_of_it(doors: Doors) -> None:
    client = a_client(doors, Role.ANALYST, Role.INSTRUCTOR)
    assert actor_of(doors, client).operations is None
    narrow = actor_of(doors, client, "analyst GetAnalytics")
    assert narrow.roles == frozenset({Role.ANALYST})
    assert narrow.operations == frozenset({"GetAnalytics"})
    assert token_of(doors, client, "analyst").scope == "analyst"
    assert refusal(doors, client, "admin") is Refused.INVALID_SCOPE
    assert refusal(doors, client, "ChangeRoles") is Refused.INVALID_SCOPE
    assert refusal(doors, client, "analyst CreateCourse") is Refused.INVALID_SCOPE
    assert refusal(doors, client, "DropEverything") is Refused.INVALID_SCOPE


def test_an_account_s_scopes_are_all_it_may_ever_do(doors: Doors, system: System) -> None:
    client = a_client(doors, scopes=["CreateCourse", "PublishCourse"])
    actor = actor_of(doors, client)
    assert actor.operations == frozenset({"CreateCourse", "PublishCourse"})
    assert system.dispatch(CreateCourse(title="Within"), actor)
    narrow = actor_of(doors, client, "PublishCourse")
    system.when(CreateCourse(title="Outside"), narrow).refuses(Forbidden)
    assert refusal(doors, client, "ArchiveCourse") is Refused.INVALID_SCOPE


def test_a_client_is_nobody_who_could_learn(doors: Doors, system: System) -> None:
    actor = actor_of(doors, a_client(doors, Role.EMPLOYEE))
    assert Scope.SELF not in reach(actor, "EnrollLearner")
    assert not reach(actor, "GetMe")
    assert reach(actor, "ListCourses") == {Scope.ANY}
    mighty = actor_of(doors, a_client(doors, Role.ADMIN))
    outcome = system.when(SubmitFeedback(course_id=uuid4(), rating=5), mighty)
    outcome.refuses(NotAPerson)


def test_a_client_needs_a_sensitive_command_among_its_scopes(doors: Doors, system: System) -> None:
    person = doors.a_person().logged_in()
    assert person.id is not None
    change = ChangeRoles(learner_id=person.id, roles=[Role.MANAGER])
    mighty = actor_of(doors, a_client(doors, Role.ADMIN))
    system.when(change, mighty).refuses(Forbidden)
    named = actor_of(doors, a_client(doors, Role.ADMIN, scopes=["ChangeRoles"]))
    assert system.dispatch(change, named)


def test_whoever_may_do_less_gets_no_new_token_and_the_old_ones_sessions_end(
    doors: Doors, system: System
) -> None:
    client = a_client(doors)
    id = client.client_id
    for change in (
        ChangeServiceAccess(service_account_id=id, roles=[Role.ANALYST], reason="Less."),
        DisableServiceAccount(service_account_id=id),
    ):
        session = actor_of(doors, client).session_id
        assert session is not None
        assert doors.sessions.is_live(session)
        system.dispatch(change)
        assert not doors.sessions.is_live(session)
    assert refusal(doors, client) is Refused.INVALID_CLIENT
    system.dispatch(EnableServiceAccount(service_account_id=id))
    assert actor_of(doors, client).roles == {Role.ANALYST}


def test_a_wrong_secret_is_told_like_an_unknown_client_and_counted(
    doors: Doors,
) -> None:
    client = a_client(doors)
    told = set()
    for client_id in (str(client.client_id), str(uuid4()), "nobody", "\0"):
        with pytest.raises(TokenRefused) as refused:
            doors.clients.token(client_id, "wrong", None, doors.context(source_address=client_id))
        told.add((refused.value.error, refused.value.description))
    assert len(told) == 1
    assert doors.refused(client.client_id) == {("service-token", "wrong-secret"): 1}
    assert doors.refused(None)["service-token", "unknown-client"] == 3, "from all networks together"


def _last_of(system: System, id: UUID) -> Any:
    return type(list(system.log.events.get(id))[-1])


def _sensitive(admin: Actor, doors: Doors) -> list[Any]:
    return [
        CreateServiceAccount(
            name=uuid4().hex, roles=[Role.ADMIN], secret_id=uuid4(), secret_hash=bytes(32)
        ),
        ChangeServiceAccess(service_account_id=uuid4(), roles=[Role.ADMIN]),
        IssueClientSecret(service_account_id=uuid4(), secret_id=uuid4(), secret_hash=bytes(32)),
        ChangeRoles(learner_id=uuid4(), roles=[Role.ADMIN]),
    ]


def test_an_administrator_must_have_proved_a_while_ago_who_they_are(
    doors: Doors, system: System
) -> None:
    late = ADMIN.authenticated_at
    assert late is not None
    for command in _sensitive(ADMIN, doors):
        assert type(command).__name__ in SENSITIVE
        outcome = system.when(command, now=late + timedelta(minutes=10, seconds=1))
        outcome.refuses(StepUpRequired)
        unproved = msgspec.structs.replace(ADMIN, authenticated_at=None)
        system.when(command, unproved).refuses(StepUpRequired)
        refusal = system.when(command, now=late + timedelta(minutes=10)).refusal
        assert not isinstance(refusal, StepUpRequired)
