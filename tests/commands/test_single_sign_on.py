"""Log-ins that somebody else vouches for, where they meet second factors, departments and roles."""

from uuid import UUID, uuid4

import msgspec
import pytest

from access.challenges import InvalidChallenge
from commands.admission import SecondFactorRequired, Tokens
from commands.errors import NotAPerson
from commands.identity_provider import LogoutRefused, SignOnRefused
from commands.learner import ChangeRoles, DeactivateLearner
from commands.login import InvalidCredentials, PasswordNotExpired
from commands.organization import AddDepartment
from commands.proof import Given
from commands.vouched import AccountPolicy, NoAccount, VouchedAccounts
from domain.learner import Learner, LearnerInactive
from domain.roles import Role
from tests.commands.doors import Doors, Somebody
from tests.commands.system import System
from tests.commands.vouching import (
    DIRECTORY_PASSWORD,
    ISSUER,
    Company,
    Known,
    People,
    vouched,
    with_directory,
)


@pytest.fixture
def company(system: System) -> Company:
    return Company(system)


@pytest.fixture
def jane(company: Company) -> Somebody:
    """Has an account here, which the provider's word gets her into, and an authenticator app."""
    jane = company.doors.a_person()
    jane.enrols()
    return jane


def methods_of(system: System, learner_id: UUID) -> list[str]:
    with system.pool.connection() as connection:
        rows = connection.execute(
            "SELECT data->>'method' FROM event_store.events"
            " WHERE stream_id = %s AND type = 'learner.logged_in.v1' ORDER BY version",
            (learner_id,),
        ).fetchall()
    return [row[0] for row in rows]


def id_of(doors: Doors, tokens: Tokens) -> UUID:
    id = doors.actor(tokens.access_token).id
    assert id is not None
    return id


def challenged(answer: Tokens | SecondFactorRequired) -> SecondFactorRequired:
    assert isinstance(answer, SecondFactorRequired)
    return answer


def let_in(answer: Tokens | SecondFactorRequired) -> Tokens:
    assert isinstance(answer, Tokens)
    return answer


# Second factors


def test_a_provider_s_log_in_owes_the_second_factor(company: Company, jane: Somebody) -> None:
    first = challenged(company.logs_in(company.knows(jane, session="s1")))
    tokens = jane.second_step(first, Given(code=jane.code()))
    actor = company.doors.actor(tokens.access_token)
    assert actor.factors == {"otp"}
    assert actor.id is not None
    method = methods_of(company.doors.system, actor.id)[-1]
    assert method == "oidc:corporate and one-time password"


def test_with_a_recovery_code_the_log_says_so(company: Company, jane: Somebody) -> None:
    first = challenged(company.logs_in(company.knows(jane)))
    tokens = jane.second_step(first, Given(recovery_code=jane.recovery_codes[0]))
    method = methods_of(company.doors.system, id_of(company.doors, tokens))[-1]
    assert method == "oidc:corporate and recovery code"


def test_what_a_provider_says_of_factors_counts_only_where_it_is_trusted(
    company: Company, jane: Somebody
) -> None:
    known = company.knows(jane, factors=frozenset({"pwd", "otp", "made-up"}))
    challenged(company.logs_in(known))
    tokens = let_in(company.logs_in(known, by="trusted"))
    assert company.doors.actor(tokens.access_token).factors == {"pwd", "otp"}
    for factors in (frozenset({"pwd"}), frozenset({"made-up"}), frozenset[str]()):
        challenged(company.logs_in(company.knows(jane, factors=factors), by="trusted"))


def test_the_provider_ends_a_session_that_took_two_steps(company: Company, jane: Somebody) -> None:
    first = challenged(company.logs_in(company.knows(jane, session="s2")))
    tokens = jane.second_step(first, Given(code=jane.code()))
    session_id = company.doors.actor(tokens.access_token).session_id
    assert session_id is not None
    assert company.logs_out(session="s2") == 1
    assert not company.doors.sessions.is_live(session_id)


def test_a_log_in_that_waits_ends_with_the_provider_s_session(
    company: Company, jane: Somebody
) -> None:
    first = challenged(company.logs_in(company.knows(jane, session="s3")))
    company.logs_out(subject=jane.name)
    with pytest.raises(InvalidChallenge):
        jane.second_step(first, Given(code=jane.code()))


def test_a_log_out_leads_to_the_provider_after_two_steps_too(
    company: Company, jane: Somebody
) -> None:
    first = challenged(company.logs_in(company.knows(jane)))
    tokens = jane.second_step(first, Given(code=jane.code()))
    actor = company.doors.actor(tokens.access_token)
    url = company.doors.sso.log_out(company.doors.context(actor))
    assert url == f"{ISSUER}/logout?an ID token"


def test_a_service_account_logs_out_nowhere(company: Company) -> None:
    actor = msgspec.structs.replace(company.doors.admin(), is_service=True)
    with pytest.raises(NotAPerson):
        company.doors.sso.log_out(company.doors.context(actor))


# Refusals


def test_refusals_are_counted(company: Company) -> None:
    doors = company.doors
    person = company.doors.a_person()
    known = company.knows(person)
    learner_id = id_of(doors, let_in(company.logs_in(known)))
    doors.system.dispatch(DeactivateLearner(learner_id=learner_id), now=doors.clock.now)
    with pytest.raises(LearnerInactive):
        company.logs_in(known)
    assert doors.refused(learner_id) == {("sign-on", "inactive"): 1}

    before = doors.refused(None)
    with pytest.raises(SignOnRefused):
        company.logs_in(None)
    with pytest.raises(NoAccount):
        company.logs_in(Known(subject=uuid4().hex))
    with pytest.raises(SignOnRefused):
        doors.sso.redeem("made up", doors.context())
    company.provider.tells = None
    with pytest.raises(LogoutRefused):
        doors.sso.end_sessions("corporate", "made up", doors.context())
    company.logs_out(subject="nobody")
    with pytest.raises(LogoutRefused):
        doors.sso.end_sessions("corporate", "again", doors.context())
    after = doors.refused(None)
    for kind in (
        ("sign-on", "not-proved"),
        ("sign-on", "no-account"),
        ("sign-on", "unknown-code"),
        ("provider-log-out", "invalid-token"),
        ("provider-log-out", "token-reused"),
    ):
        assert after[kind] == before.get(kind, 0) + 1, kind


# What the provider says of people


def learner_of(doors: Doors, tokens: Tokens) -> Learner:
    found = doors.system.log.find_latest(Learner, id_of(doors, tokens))
    assert found is not None
    return found


def of_department(name: str, department: str) -> Known:
    claims = {"email": f"{name}@example.com", "department": department}
    return Known(subject=name, claims=claims)


def test_a_department_is_that_of_the_tree_which_has_its_name(company: Company) -> None:
    doors, name, sales = company.doors, uuid4().hex, f"Sales {uuid4().hex}"
    first = learner_of(doors, let_in(company.logs_in(of_department(name, sales))))
    assert (first.department, first.department_id) == (sales, None)
    id = doors.system.dispatch(AddDepartment(name=sales)).id
    again = learner_of(doors, let_in(company.logs_in(of_department(name, sales.upper()))))
    assert (again.department, again.department_id) == (sales, id)
    version = again.version
    same = learner_of(doors, let_in(company.logs_in(of_department(name, sales))))
    assert same.version == version + 1, "nothing but the log-in"
    other = learner_of(doors, let_in(company.logs_in(of_department(uuid4().hex, sales))))
    assert (other.department, other.department_id) == (sales, id)
    moved = learner_of(doors, let_in(company.logs_in(of_department(name, "Not in the tree"))))
    assert (moved.department, moved.department_id) == ("Not in the tree", None)


def test_a_name_that_two_departments_have_refers_to_neither(company: Company) -> None:
    doors, name = company.doors, f"Support {uuid4().hex}"
    for above in ("North", "South"):
        parent = doors.system.dispatch(AddDepartment(name=f"{above} of {name}")).id
        doors.system.dispatch(AddDepartment(name=name, parent_id=parent))
    learner = learner_of(doors, let_in(company.logs_in(of_department(uuid4().hex, name))))
    assert (learner.department, learner.department_id) == (name, None)


def test_changed_roles_leave_a_department_admin_the_departments(company: Company) -> None:
    doors = company.doors
    known = company.knows(doors.a_person())
    learner_id = id_of(doors, let_in(company.logs_in(known)))
    department = doors.system.dispatch(AddDepartment(name=uuid4().hex)).id
    doors.system.dispatch(
        ChangeRoles(
            learner_id=learner_id,
            roles=[Role.EMPLOYEE, Role.DEPARTMENT_ADMIN],
            departments=[department],
        ),
        doors.admin(),
        now=doors.clock.now,
    )
    groups = {**known.claims, "groups": ["Trainers"]}
    tokens = let_in(company.logs_in(msgspec.structs.replace(known, claims=groups)))
    learner = learner_of(doors, tokens)
    assert set(learner.roles) == {Role.EMPLOYEE, Role.DEPARTMENT_ADMIN, Role.INSTRUCTOR}
    assert learner.administers == [department]
    with doors.system.pool.connection() as connection:
        row = connection.execute(
            "SELECT roles FROM access.standing WHERE learner_id = %s", (learner_id,)
        ).fetchone()
    assert row is not None
    assert set(row[0]) == set(learner.roles), "other processes hear of it"


# The directory


def test_a_directory_s_log_in_owes_the_second_factor_too(system: System) -> None:
    people = People(set())
    doors = with_directory(system, people)
    jane = doors.a_person()
    jane.enrols()
    people.known.add(jane.name)
    VouchedAccounts(system.log, system.dispatcher).admit(
        vouched(jane.name), AccountPolicy(link_by_email=True), doors.context()
    )
    answer = doors.accounts.log_in(jane.name, DIRECTORY_PASSWORD, doors.context())
    tokens = jane.second_step(challenged(answer), Given(code=jane.code()))
    assert doors.actor(tokens.access_token).factors == {"pwd", "otp"}
    assert methods_of(system, id_of(doors, tokens))[-1] == "ldap and one-time password"


def test_a_directory_s_password_replaces_none_of_ours(system: System) -> None:
    name = uuid4().hex
    doors = with_directory(system, People({name}))
    tokens = let_in(doors.accounts.log_in(name, DIRECTORY_PASSWORD, doors.context()))
    assert methods_of(system, id_of(doors, tokens)) == ["ldap"]
    with pytest.raises(PasswordNotExpired):
        doors.accounts.replace_expired(
            name, DIRECTORY_PASSWORD, "another long secret 7", Given(), doors.context()
        )


def test_an_account_that_isn_t_the_directory_s_is_refused_and_counted(system: System) -> None:
    people = People(set())
    doors = with_directory(system, people)
    jane = doors.a_person()
    jane_id = jane.logged_in().id
    people.known.add(jane.name)
    with pytest.raises(InvalidCredentials):
        doors.accounts.log_in(jane.name, DIRECTORY_PASSWORD, doors.context())
    assert people.pretended == [jane.name]
    assert doors.refused(jane_id) == {("log-in", "wrong-password"): 1}
