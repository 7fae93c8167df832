"""Who has neither a password nor a second factor here proves anew elsewhere who they are."""

import threading
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import msgspec
import pytest

from access.actor import Actor
from access.challenges import InvalidChallenge
from commands.admission import AccessToken, Tokens
from commands.external_identity import UnlinkIdentity
from commands.identity_provider import SignOnRefused
from commands.learner import ChangeRoles
from commands.login import WrongPassword
from commands.proof import Given
from commands.session import EndAllSessions
from commands.single_sign_on import NoProvider
from commands.step_up import STEP_UP_AFTER, StepUpRequired
from commands.vouched import NoAccount
from domain.errors import Forbidden, NotFound
from domain.external_identity import IdentityTaken
from domain.identity import external_identity_id
from domain.roles import Role
from tests.commands.doors import Somebody
from tests.commands.system import System
from tests.commands.vouching import (
    DIRECTORY_PASSWORD,
    Company,
    Known,
    People,
    with_directory,
)


@pytest.fixture
def company(system: System) -> Company:
    return Company(system)


@pytest.fixture
def boss(company: Company) -> Known:
    """An administrator whom only the provider knows."""
    name = uuid4().hex
    known = Known(subject=name, claims={"email": f"{name}@example.com"})
    id = session_of(company, company.logs_in(known)).id
    assert id is not None
    company.doors.system.dispatch(
        ChangeRoles(learner_id=id, roles=[Role.ADMIN]),
        company.doors.admin(),
        now=company.doors.clock.now,
    )
    return known


def session_of(company: Company, answer: Any) -> Actor:
    assert isinstance(answer, Tokens | AccessToken)
    return company.doors.actor(answer.access_token)


def ago(company: Company, known: Known, **time: float) -> Known:
    """The same, who logged in at the provider that long ago."""
    at = company.doors.clock.now - timedelta(**time)
    return msgspec.structs.replace(known, authenticated_at=at)


def may_grant(company: Company, actor: Actor) -> bool:
    """Whether somebody proved a short while ago who they are."""
    doors = company.doors
    somebody = Somebody(doors, doors.a_person().name).logged_in().id
    assert somebody is not None
    command = ChangeRoles(learner_id=somebody, roles=[Role.EMPLOYEE, Role.INSTRUCTOR])
    try:
        doors.system.dispatch(command, actor, now=doors.clock.now)
    except StepUpRequired:
        return False
    return True


def ticket(company: Company, actor: Actor, provider: str | None = None) -> str:
    url = company.doors.sso.step_up(provider, company.doors.context(actor))
    return ticket_of(url)


def ticket_of(url: str) -> str:
    return parse_qs(urlsplit(url).query)["ticket"][0]


def test_a_log_in_is_as_fresh_as_the_provider_says(company: Company, boss: Known) -> None:
    assert may_grant(company, session_of(company, company.logs_in(ago(company, boss, minutes=9))))
    old = session_of(company, company.logs_in(ago(company, boss, hours=8)))
    assert old.authenticated_at == company.doors.clock.now - timedelta(hours=8)
    assert not may_grant(company, old)


def test_who_says_no_time_counts_as_long_ago(company: Company, boss: Known) -> None:
    actor = session_of(company, company.logs_in(boss))
    assert actor.authenticated_at is None
    assert not may_grant(company, actor)


def test_who_proves_anew_goes_on_in_their_session(company: Company, boss: Known) -> None:
    before = session_of(company, company.logs_in(ago(company, boss, hours=8)))
    again = company.comes_back(ago(company, boss, seconds=1), ticket=ticket(company, before))
    assert isinstance(again, AccessToken)
    after = session_of(company, again)
    assert (after.id, after.session_id) == (before.id, before.session_id)
    assert company.provider.max_age == STEP_UP_AFTER
    assert may_grant(company, after)


@pytest.mark.parametrize("hours", [1, None])
def test_who_did_not_log_in_anew_there_has_proved_nothing(
    company: Company, boss: Known, hours: int | None
) -> None:
    actor = session_of(company, company.logs_in(boss))
    known = ago(company, boss, hours=hours) if hours else boss
    with pytest.raises(SignOnRefused):
        company.comes_back(known, ticket=ticket(company, actor))


def test_another_person_proves_nothing(company: Company, boss: Known) -> None:
    actor = session_of(company, company.logs_in(boss))
    joe = uuid4().hex
    other = Known(subject=joe, claims={"email": f"{joe}@example.com"})
    other_id = session_of(company, company.logs_in(other)).id
    with pytest.raises(SignOnRefused):
        company.comes_back(ago(company, other, seconds=1), ticket=ticket(company, actor))
    assert company.doors.refused(other_id) == {("step-up", "not-proved"): 1}


def test_a_ticket_is_good_once_and_for_nothing_else(company: Company, boss: Known) -> None:
    doors = company.doors
    actor = session_of(company, company.logs_in(boss))
    once = ticket(company, actor)
    company.comes_back(ago(company, boss, seconds=1), ticket=once)
    with pytest.raises(SignOnRefused):
        company.comes_back(ago(company, boss, seconds=1), ticket=once)
    with pytest.raises(SignOnRefused):
        doors.sso.redeem(ticket(company, actor), doors.context())
    with pytest.raises(SignOnRefused):
        company.comes_back(boss, by="trusted", ticket=ticket(company, actor, "corporate"))


def test_a_session_that_has_ended_is_not_proved(company: Company, boss: Known) -> None:
    doors = company.doors
    actor = session_of(company, company.logs_in(boss))
    begun = ticket(company, actor)
    assert actor.id is not None
    doors.system.dispatch(EndAllSessions(learner_id=actor.id), now=doors.clock.now)
    with pytest.raises(SignOnRefused):
        company.comes_back(ago(company, boss, seconds=1), ticket=begun)


def test_who_has_a_second_factor_shows_that_or_the_provider_says_so(company: Company) -> None:
    jane = company.doors.a_person()
    actor = jane.enrols()
    with pytest.raises(NoProvider):
        ticket(company, actor)
    with pytest.raises(NoProvider):
        ticket(company, actor, "corporate")
    with pytest.raises(NotFound):
        ticket(company, actor, "unknown")
    known = company.knows(jane, factors=frozenset({"pwd", "otp"}))
    company.logs_in(known, by="trusted")
    again = company.comes_back(
        ago(company, known, seconds=1), by="trusted", ticket=ticket(company, actor, "trusted")
    )
    assert "otp" in session_of(company, again).factors
    less = msgspec.structs.replace(known, factors=frozenset({"pwd"}))
    with pytest.raises(SignOnRefused):
        company.comes_back(
            ago(company, less, seconds=1), by="trusted", ticket=ticket(company, actor, "trusted")
        )


def test_no_service_account_and_no_narrow_token_asks(company: Company, boss: Known) -> None:
    actor = session_of(company, company.logs_in(boss))
    for other in (
        msgspec.structs.replace(actor, is_service=True),
        msgspec.structs.replace(actor, operations=frozenset({"GetMe"})),
    ):
        with pytest.raises(Forbidden):
            ticket(company, other)


# The directory


def test_the_directory_s_password_proves_anew(system: System) -> None:
    name = uuid4().hex
    doors = with_directory(system, People({name}))
    answer = doors.accounts.log_in(name, DIRECTORY_PASSWORD, doors.context())
    assert isinstance(answer, Tokens)
    before = doors.actor(answer.access_token)
    doors.clock.advance(seconds=1200)
    with pytest.raises(WrongPassword):
        doors.factors.step_up("another-password-1", Given(), doors.context(before))
    assert doors.refused(before.id) == {("step-up", "wrong-password"): 1}
    fresh = doors.factors.step_up(DIRECTORY_PASSWORD, Given(), doors.context(before))
    assert doors.actor(fresh.access_token).authenticated_at == doors.clock.now


def test_the_directory_s_password_proves_nothing_of_others(system: System) -> None:
    people = People(set())
    doors = with_directory(system, people)
    jane = doors.a_person()
    people.known.add(jane.name)
    with pytest.raises(WrongPassword):
        doors.factors.step_up(DIRECTORY_PASSWORD, Given(), doors.context(jane.logged_in()))


# Log-outs that come amid a log-in


def test_a_log_out_there_amid_the_log_in_here_lets_nobody_in(company: Company) -> None:
    known = Known(subject=uuid4().hex, session=uuid4().hex)
    known = msgspec.structs.replace(known, claims={"email": f"{known.subject}@example.com"})
    company.logs_in(known)
    company.provider.while_asked = lambda: company.logs_out(session=known.session)
    with pytest.raises(SignOnRefused, match="ended"):
        company.logs_in(known)
    company.provider.while_asked = lambda: None
    company.logs_in(known)


def test_a_log_out_before_the_log_in_keeps_nobody_out(company: Company, boss: Known) -> None:
    company.logs_out(subject=boss.subject)
    company.logs_in(boss)


def test_a_log_out_amid_the_second_step_lets_nobody_in(company: Company) -> None:
    jane = company.doors.a_person()
    jane.enrols()
    known = company.knows(jane, session=uuid4().hex)
    company.provider.while_asked = lambda: company.logs_out(subject=known.subject)
    first = company.logs_in(known)
    company.provider.while_asked = lambda: None
    assert not isinstance(first, Tokens)
    with pytest.raises(InvalidChallenge):
        jane.second_step(first, Given(code=jane.code()))


def test_log_outs_and_log_ins_at_once_leave_no_session(system: System, company: Company) -> None:
    """Whichever comes first, either the log-in is refused or its session is ended."""
    known = Known(subject=uuid4().hex, session=uuid4().hex)
    known = msgspec.structs.replace(known, claims={"email": f"{known.subject}@example.com"})
    answers: list[Any] = []

    def log_in() -> None:
        try:
            answers.append(company.logs_in(known))
        except SignOnRefused as refused:
            answers.append(refused)

    for _ in range(10):
        inside = threading.Barrier(2)
        company.provider.while_asked = inside.wait
        thread = threading.Thread(target=log_in)
        thread.start()
        inside.wait(10)
        company.logs_out(session=known.session)
        thread.join()
    company.provider.while_asked = lambda: None
    last = session_of(company, company.logs_in(known))
    with system.pool.connection() as connection:
        live = connection.execute(
            "SELECT count(*) FROM access.sso_sessions JOIN access.sessions s USING (session_id)"
            " WHERE s.ended_at IS NULL AND s.learner_id = %s",
            (last.id,),
        ).fetchone()
    assert len(answers) == 10
    assert live == (1,), "the last one alone, which nobody has ended"


# Another way in


def test_who_logs_in_there_may_be_let_in_by_it_from_then_on(company: Company) -> None:
    doors, known = company.doors, Known(subject=uuid4().hex)
    jane = doors.a_person().logged_in()
    with pytest.raises(NoAccount):
        company.logs_in(known)
    url = doors.sso.link("corporate", doors.context(jane))
    again = company.comes_back(ago(company, known, seconds=1), ticket=ticket_of(url))
    assert session_of(company, again).session_id == jane.session_id
    assert session_of(company, company.logs_in(known)).id == jane.id
    assert jane.id is not None
    identity_id = external_identity_id(company.provider.issuer, known.subject)
    unlink = UnlinkIdentity(learner_id=jane.id, identity_id=identity_id)
    before = session_of(company, company.logs_in(known))
    doors.system.dispatch(unlink, jane, now=doors.clock.now)
    assert before.session_id is not None
    assert not doors.sessions.is_live(before.session_id)
    with pytest.raises(NoAccount):
        company.logs_in(known)


def test_linking_asks_for_a_fresh_proof_and_a_log_in_there(company: Company, boss: Known) -> None:
    doors = company.doors
    jane = doors.a_person().logged_in()
    url = doors.sso.link("corporate", doors.context(jane))
    with pytest.raises(SignOnRefused):
        company.comes_back(ago(company, Known(subject="x"), hours=1), ticket=ticket_of(url))
    url = doors.sso.link("corporate", doors.context(jane))
    with pytest.raises(IdentityTaken):
        company.comes_back(ago(company, boss, seconds=1), ticket=ticket_of(url))
    doors.clock.advance(seconds=1200)
    with pytest.raises(StepUpRequired):
        doors.sso.link("corporate", doors.context(jane))
