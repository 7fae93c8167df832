"""Second factors from enrolment to log-in, against real secrets in a real database."""

from datetime import timedelta
from uuid import uuid4

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from access.actor import Actor
from access.challenges import InvalidChallenge
from access.permissions import ENROLMENT
from access.recovery_codes import HOW_MANY
from access.throttle import Throttled
from commands.admission import SecondFactorRequired, Tokens
from commands.factors import InvalidCode, SecondFactorEnforced
from commands.login import WrongPassword
from commands.proof import Given, WrongCode
from commands.second_factor import ResetSecondFactor
from commands.step_up import StepUpRequired
from domain.errors import Forbidden, Invalid
from domain.identity import second_factor_id
from domain.roles import Role
from domain.second_factor import NoSecondFactor, SecondFactor, SecondFactorConfirmed
from tests.commands.doors import PASSWORD, Doors, Somebody
from tests.commands.system import System


@pytest.fixture
def doors(system: System) -> Doors:
    return Doors(system)


@pytest.fixture
def strict_doors(system: System) -> Doors:
    """Auditors need a second factor."""
    return Doors(system, enforced=frozenset({Role.AUDITOR}))


@pytest.fixture
def jane(doors: Doors) -> Somebody:
    return doors.a_person()


def factor_of(jane: Somebody) -> SecondFactor:
    actor_id = jane.logged_in().id
    assert actor_id is not None
    factor = jane.doors.system.log.find_latest(SecondFactor, second_factor_id(actor_id))
    assert factor is not None
    return factor


def test_a_log_in_takes_two_steps_once_the_app_has_proved_to_work(jane: Somebody) -> None:
    actor = jane.logged_in()
    assert actor.factors == {"pwd"}
    jane.begins(actor)
    assert isinstance(jane.first_step(), Tokens), "an enrolment that isn't confirmed counts nothing"
    jane.confirms(actor)
    assert len(set(jane.recovery_codes)) == HOW_MANY
    tokens = jane.second_step(jane.challenged(), Given(code=jane.code()))
    assert jane.doors.actor(tokens.access_token).factors == {"pwd", "otp"}


def test_a_code_is_good_once_even_for_another_log_in(jane: Somebody) -> None:
    jane.enrols()
    code = jane.code()
    jane.second_step(jane.challenged(), Given(code=code))
    with pytest.raises(InvalidCode):
        jane.second_step(jane.challenged(), Given(code=code))


def test_a_challenge_is_settled_once(jane: Somebody) -> None:
    jane.enrols()
    challenge = jane.challenged()
    jane.second_step(challenge, Given(code=jane.code()))
    with pytest.raises(InvalidChallenge):
        jane.second_step(challenge, Given(code=jane.code()))


def test_a_recovery_code_gets_one_in_once(jane: Somebody) -> None:
    jane.enrols()
    code = Given(recovery_code=jane.recovery_codes[0])
    assert jane.second_step(jane.challenged(), code)
    with pytest.raises(InvalidCode):
        jane.second_step(jane.challenged(), code)
    assert factor_of(jane).recovery_codes == HOW_MANY - 1


@pytest.mark.parametrize("given", [Given(), Given(code="1", recovery_code="2")])
def test_one_gives_exactly_one_of_the_two_codes(jane: Somebody, given: Given) -> None:
    jane.enrols()
    with pytest.raises(Invalid):
        jane.second_step(jane.challenged(), given)


def test_guessing_is_slowed_down_over_all_challenges(jane: Somebody) -> None:
    jane.enrols()
    for _ in range(5):
        with pytest.raises(InvalidCode):
            jane.second_step(jane.challenged(), Given(code="000000"))
    with pytest.raises(Throttled):
        jane.second_step(jane.challenged(), Given(code="000000"))


def test_what_was_refused_is_counted_and_told_to_the_log(jane: Somebody) -> None:
    jane.enrols()
    code = jane.code()
    jane.second_step(jane.challenged(), Given(code=code))
    for given in (Given(code=code), Given(recovery_code="abcd-efgh-jkmn-pqrs")):
        with pytest.raises(InvalidCode):
            jane.second_step(jane.challenged(), given)
    refused = jane.doors.refused(jane.logged_in().id)
    assert refused == {
        ("second-factor", "code-replayed"): 1,
        ("second-factor", "wrong-recovery-code"): 1,
    }


def test_enrolling_asks_for_a_fresh_log_in(jane: Somebody) -> None:
    actor = jane.logged_in()
    jane.doors.clock.advance(seconds=601)
    with pytest.raises(StepUpRequired):
        jane.begins(actor)


def test_one_who_has_a_factor_cant_replace_it_by_another(jane: Somebody) -> None:
    jane.enrols()
    with pytest.raises(SecondFactorConfirmed):
        jane.begins(jane.logged_in())


def test_only_the_newest_secret_can_be_confirmed(jane: Somebody) -> None:
    actor = jane.logged_in()
    jane.begins(actor)
    old = jane.secret
    jane.begins(actor)
    jane.secret, newest = old, jane.secret
    with pytest.raises(WrongCode):
        jane.confirms(actor)
    jane.secret = newest
    jane.confirms(actor)


def test_disabling_needs_the_factor(jane: Somebody) -> None:
    jane.enrols()
    actor, context = jane.logged_in(), jane.doors.context
    with pytest.raises(WrongCode):
        jane.doors.factors.disable(Given(code="000000"), context(actor))
    jane.doors.factors.disable(Given(code=jane.code()), context(actor))
    assert isinstance(jane.first_step(), Tokens)
    with pytest.raises(NoSecondFactor):
        jane.doors.factors.disable(Given(code=jane.code()), context(actor))


def test_new_recovery_codes_make_the_old_ones_worthless(jane: Somebody) -> None:
    jane.enrols()
    old = jane.recovery_codes[0]
    actor = jane.logged_in()
    new = jane.doors.factors.replace_recovery_codes(jane.doors.context(actor)).recovery_codes
    with pytest.raises(InvalidCode):
        jane.second_step(jane.challenged(), Given(recovery_code=old))
    assert jane.second_step(jane.challenged(), Given(recovery_code=new[0]))


def test_an_administrator_takes_a_lost_factor_away(jane: Somebody) -> None:
    actor = jane.enrols()
    assert actor.id is not None
    doors = jane.doors
    reset = ResetSecondFactor(learner_id=actor.id, reason="Lost the phone.")
    with pytest.raises(Forbidden):
        doors.system.dispatch(reset, jane.logged_in(), now=doors.clock.now)
    doors.system.dispatch(reset, doors.admin(), now=doors.clock.now)
    assert isinstance(jane.first_step(), Tokens)


def test_stepping_up_makes_the_proof_fresh_in_this_session(jane: Somebody) -> None:
    doors, actor = jane.doors, jane.logged_in()
    doors.clock.advance(seconds=3600)
    with pytest.raises(WrongPassword):
        doors.factors.step_up("not-this-one", Given(), doors.context(actor))
    with pytest.raises(Invalid):
        doors.factors.step_up(None, Given(), doors.context(actor))
    made = doors.factors.step_up(PASSWORD, Given(), doors.context(actor))
    fresh = doors.actor(made.access_token)
    assert (fresh.id, fresh.session_id) == (actor.id, actor.session_id)
    assert fresh.authenticated_at == doors.clock.now
    jane.begins(fresh)


def test_who_has_a_second_factor_steps_up_with_it(jane: Somebody) -> None:
    before = jane.enrols()
    doors = jane.doors
    with pytest.raises(Invalid):
        doors.factors.step_up(PASSWORD, Given(), doors.context(before))
    made = doors.factors.step_up(None, Given(code=jane.code()), doors.context(before))
    assert doors.actor(made.access_token).has_second_factor


def test_a_password_alone_is_not_enough_for_one_who_has_a_second_factor(jane: Somebody) -> None:
    before = jane.enrols()
    fresh = msgspec.structs.replace(before, authenticated_at=jane.doors.clock.now)
    with pytest.raises(StepUpRequired) as refusal:
        jane.doors.factors.replace_recovery_codes(jane.doors.context(fresh))
    assert refusal.value.second_factor


def test_a_role_may_ask_for_a_second_factor(strict_doors: Doors) -> None:
    anna = strict_doors.a_person(Role.AUDITOR)
    tokens = anna.tokens()
    actor = strict_doors.actor(tokens.access_token)
    assert actor.operations == ENROLMENT
    assert tokens.scope == " ".join(sorted(ENROLMENT))
    anna.begins(actor)
    anna.confirms(actor)
    refreshed = strict_doors.accounts.refresh(tokens.refresh_token, strict_doors.context())
    full = strict_doors.actor(refreshed.access_token)
    assert full.operations is None
    assert full.has_second_factor
    assert strict_doors.actor(anna.tokens().access_token).operations is None
    given = Given(code=anna.code())
    with pytest.raises(SecondFactorEnforced):
        strict_doors.factors.disable(given, strict_doors.context(full))


def test_no_other_role_is_asked(strict_doors: Doors) -> None:
    assert strict_doors.a_person(Role.MANAGER).logged_in().operations is None


def test_a_made_up_challenge_opens_nothing(jane: Somebody) -> None:
    with pytest.raises(InvalidChallenge):
        jane.second_step(
            SecondFactorRequired(challenge=uuid4().hex, expires_in=1), Given(code="000000")
        )


class FactorMachine(RuleBasedStateMachine):
    """One person's second factor against the plainest model: a state, codes, what was used."""

    doors: Doors

    def __init__(self) -> None:
        super().__init__()
        self.jane = self.doors.a_person()
        self.state = "none"
        self.good: list[str] = []
        self.spent: list[Given] = []

    def fresh(self) -> Actor:
        """Logged in with all that is asked for, a moment ago."""
        self.wait_out_the_throttle()
        return self.jane.logged_in()

    def wait_out_the_throttle(self) -> None:
        self.doors.clock.advance(seconds=timedelta(days=2).total_seconds())

    @rule()
    def begin(self) -> None:
        actor = self.fresh()
        secret = self.jane.secret
        if self.state == "confirmed":
            with pytest.raises(SecondFactorConfirmed):
                self.jane.begins(actor)
            self.jane.secret = secret
        else:
            self.jane.begins(actor)
            self.state = "pending"

    @rule()
    def confirm(self) -> None:
        actor = self.fresh()
        if self.state != "pending":
            with pytest.raises(NoSecondFactor):
                self.doors.factors.confirm("000000", self.doors.context(actor))
            return
        self.jane.confirms(actor)
        self.good = [*self.jane.recovery_codes]
        self.state = "confirmed"

    @precondition(lambda self: self.state == "confirmed")
    @rule()
    def log_in_with_a_code(self) -> None:
        self.wait_out_the_throttle()
        given = Given(code=self.jane.code())
        self.jane.second_step(self.jane.challenged(), given)
        self.refused(given)

    @precondition(lambda self: self.state == "confirmed" and self.good)
    @rule(which=st.integers(0))
    def log_in_with_a_recovery_code(self, which: int) -> None:
        self.wait_out_the_throttle()
        given = Given(recovery_code=self.good.pop(which % len(self.good)))
        self.jane.second_step(self.jane.challenged(), given)
        self.spent.append(given)

    @precondition(lambda self: self.state == "confirmed" and self.spent)
    @rule(which=st.integers(0))
    def replay(self, which: int) -> None:
        self.wait_out_the_throttle()
        self.refused(self.spent[which % len(self.spent)])

    @precondition(lambda self: self.state == "confirmed")
    @rule()
    def replace_recovery_codes(self) -> None:
        context = self.doors.context(self.fresh())
        self.spent += [Given(recovery_code=code) for code in self.good]
        self.good = self.doors.factors.replace_recovery_codes(context).recovery_codes

    @rule()
    def disable(self) -> None:
        context = self.doors.context(self.fresh())
        if self.state != "confirmed":
            with pytest.raises(NoSecondFactor):
                self.doors.factors.disable(Given(code="000000"), context)
            return
        self.doors.factors.disable(Given(code=self.jane.code()), context)
        self.spent += [Given(recovery_code=code) for code in self.good]
        self.good, self.state = [], "none"

    def refused(self, given: Given) -> None:
        with pytest.raises(InvalidCode):
            self.jane.second_step(self.jane.challenged(), given)

    @invariant()
    def a_second_step_is_asked_for_exactly_when_it_is_confirmed(self) -> None:
        self.wait_out_the_throttle()
        asked = isinstance(self.jane.first_step(), SecondFactorRequired)
        assert asked == (self.state == "confirmed")


def test_any_order_of_steps_leaves_what_the_model_says(system: System) -> None:
    class Machine(FactorMachine):
        doors = Doors(system)

    run_state_machine_as_test(
        Machine, settings=settings(max_examples=15, stateful_step_count=15, deadline=None)
    )
