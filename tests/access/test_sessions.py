import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from psycopg_pool import ConnectionPool

from access.sessions import (
    InvalidRefreshToken,
    Refusal,
    Session,
    Sessions,
    end_all_statement,
)
from tests.access.conftest import Clock


@pytest.fixture
def sessions(pool: ConnectionPool, clock: Clock) -> Sessions:
    return Sessions(pool, clock=clock)


def refusal(sessions: Sessions, refresh_token: str) -> Refusal:
    with pytest.raises(InvalidRefreshToken) as error:
        sessions.rotate(refresh_token)
    return error.value.reason


def test_a_session_goes_on_with_a_new_token_each_time(sessions: Sessions, learner_id: UUID) -> None:
    session = sessions.start(learner_id)
    tokens = {session.refresh_token}
    for _ in range(3):
        session = sessions.rotate(session.refresh_token)
        tokens.add(session.refresh_token)
        assert session.learner_id == learner_id
    assert len(tokens) == 4
    assert sessions.is_live(session.session_id)


def test_a_token_used_twice_ends_its_family_and_no_other(
    sessions: Sessions, learner_id: UUID
) -> None:
    first, other = sessions.start(learner_id), sessions.start(learner_id)
    second = sessions.rotate(first.refresh_token)
    with pytest.raises(InvalidRefreshToken) as error:
        sessions.rotate(first.refresh_token)
    assert error.value.reason is Refusal.REUSED
    assert (error.value.learner_id, error.value.session_id) == (learner_id, first.session_id)
    assert refusal(sessions, second.refresh_token) is Refusal.ENDED
    assert not sessions.is_live(first.session_id)
    assert sessions.rotate(other.refresh_token).session_id == other.session_id


@pytest.mark.parametrize("at_once", [2, 8])
def test_of_rotations_at_once_exactly_one_wins(
    pool: ConnectionPool, learner_id: UUID, at_once: int
) -> None:
    sessions = Sessions(pool)
    for _ in range(10):
        session = sessions.start(learner_id)
        start = Barrier(at_once)

        def rotate(
            _: int, start: Barrier = start, token: str = session.refresh_token
        ) -> Session | Refusal:
            start.wait(timeout=10)
            try:
                return sessions.rotate(token)
            except InvalidRefreshToken as error:
                return error.reason

        with ThreadPoolExecutor(at_once) as threads:
            outcomes = list(threads.map(rotate, range(at_once)))
        won = [outcome for outcome in outcomes if isinstance(outcome, Session)]
        assert len(won) == 1
        assert outcomes.count(Refusal.REUSED) == 1
        assert refusal(sessions, won[0].refresh_token) is Refusal.ENDED


def test_a_session_ended_while_it_rotates_stays_ended(
    pool: ConnectionPool, learner_id: UUID
) -> None:
    sessions = Sessions(pool)
    for _ in range(10):
        session = sessions.start(learner_id)
        with ThreadPoolExecutor(2) as threads:
            rotation = threads.submit(sessions.rotate, session.refresh_token)
            threads.submit(sessions.end, session.session_id).result()
            if rotation.exception() is None:
                assert refusal(sessions, rotation.result().refresh_token) is Refusal.ENDED
        assert not sessions.is_live(session.session_id)


def test_logging_out_ends_one_session_and_logging_out_everywhere_all(
    sessions: Sessions, learner_id: UUID
) -> None:
    one, two, three = (sessions.start(learner_id) for _ in range(3))
    stranger = sessions.start(uuid4())
    assert sessions.end(one.session_id)
    assert not sessions.end(one.session_id)
    assert sessions.end_all(learner_id, but=two.session_id) == 1
    assert sessions.is_live(two.session_id)
    assert sessions.end_all(learner_id) == 1
    for ended in (one, two, three):
        assert refusal(sessions, ended.refresh_token) is Refusal.ENDED
    assert sessions.is_live(stranger.session_id)


def test_sessions_end_in_the_transaction_of_someone_else(
    pool: ConnectionPool, sessions: Sessions, learner_id: UUID
) -> None:
    session = sessions.start(learner_id)
    with pool.connection() as connection:
        connection.execute(*end_all_statement(learner_id, datetime.now(UTC), "deactivated"))
        connection.rollback()
    assert sessions.is_live(session.session_id)
    with pool.connection() as connection:
        connection.execute(*end_all_statement(learner_id, datetime.now(UTC), "deactivated"))
    assert not sessions.is_live(session.session_id)


def test_a_session_that_rests_for_a_week_is_over(
    sessions: Sessions, clock: Clock, learner_id: UUID
) -> None:
    session = sessions.start(learner_id)
    clock.advance(seconds=7 * 86_400 - 1)
    session = sessions.rotate(session.refresh_token)
    clock.advance(seconds=7 * 86_400)
    assert refusal(sessions, session.refresh_token) is Refusal.EXPIRED


def test_a_session_is_over_after_a_month_however_busy(
    sessions: Sessions, clock: Clock, learner_id: UUID
) -> None:
    session = sessions.start(learner_id)
    for _ in range(5):
        clock.advance(seconds=5 * 86_400)
        session = sessions.rotate(session.refresh_token)
    clock.advance(seconds=5 * 86_400)
    assert refusal(sessions, session.refresh_token) is Refusal.EXPIRED
    assert not sessions.is_live(session.session_id)
    clock.advance(seconds=1)
    assert sessions.forget_expired() >= 1
    assert refusal(sessions, session.refresh_token) is Refusal.UNKNOWN


def test_how_long_sessions_last_can_be_set(
    pool: ConnectionPool, clock: Clock, learner_id: UUID
) -> None:
    day = timedelta(days=1)
    sessions = Sessions(pool, longest_session=3 * day, longest_pause=2 * day, clock=clock)
    session = sessions.start(learner_id)
    clock.advance(seconds=1.9 * 86_400)
    session = sessions.rotate(session.refresh_token)
    clock.advance(seconds=1.2 * 86_400)
    assert refusal(sessions, session.refresh_token) is Refusal.EXPIRED


@pytest.mark.parametrize("token", ["", "guess", "\0", "\ud800", "x" * 100_000])
def test_a_token_nobody_was_given_is_refused(sessions: Sessions, token: str) -> None:
    assert refusal(sessions, token) is Refusal.UNKNOWN


def test_only_the_hash_of_a_token_is_kept_and_shown(
    pool: ConnectionPool, sessions: Sessions, learner_id: UUID
) -> None:
    session = sessions.start(learner_id)
    assert session.refresh_token not in repr(session)
    with pool.connection() as connection:
        rows = connection.execute(
            "SELECT token_hash, t::text || s::text FROM access.refresh_tokens t"
            " JOIN access.sessions s USING (session_id) WHERE session_id = %s",
            (session.session_id,),
        ).fetchall()
    assert [bytes(row[0]) for row in rows] == [
        hashlib.sha256(session.refresh_token.encode()).digest()
    ]
    assert session.refresh_token not in rows[0][1]


@dataclass
class Family:
    """What a session must be like."""

    learner_id: UUID
    session_id: UUID
    tokens: list[str]
    live: bool = True


class SessionMachine(RuleBasedStateMachine):
    """Sessions in Postgres against the plainest model: families of tokens, the newest last."""

    families = Bundle("families")
    learners = (uuid4(), uuid4())

    sessions: Sessions

    def __init__(self) -> None:
        super().__init__()
        self.known: list[Family] = []
        for learner_id in self.learners:
            self.sessions.end_all(learner_id)

    @rule(target=families, learner_id=st.sampled_from(learners))
    def start(self, learner_id: UUID) -> Family:
        session = self.sessions.start(learner_id)
        family = Family(learner_id, session.session_id, [session.refresh_token])
        self.known.append(family)
        return family

    @rule(family=families)
    def rotate(self, family: Family) -> None:
        if not family.live:
            assert refusal(self.sessions, family.tokens[-1]) is Refusal.ENDED
            return
        session = self.sessions.rotate(family.tokens[-1])
        assert (session.learner_id, session.session_id) == (family.learner_id, family.session_id)
        family.tokens.append(session.refresh_token)

    @rule(family=families, which=st.integers(0))
    def replay(self, family: Family, which: int) -> None:
        if spent := family.tokens[:-1]:
            expected = Refusal.REUSED if family.live else Refusal.ENDED
            assert refusal(self.sessions, spent[which % len(spent)]) is expected
            family.live = False

    @rule(family=families)
    def end(self, family: Family) -> None:
        assert self.sessions.end(family.session_id) == family.live
        family.live = False

    @rule(family=families)
    def end_all_but(self, family: Family) -> None:
        ended = [
            other
            for other in self.known
            if other.live and other.learner_id == family.learner_id and other is not family
        ]
        assert self.sessions.end_all(family.learner_id, but=family.session_id) == len(ended)
        for other in ended:
            other.live = False

    @invariant()
    def exactly_the_live_ones_live(self) -> None:
        for family in self.known:
            assert self.sessions.is_live(family.session_id) == family.live


def test_any_order_of_steps_leaves_what_the_model_says(pool: ConnectionPool) -> None:
    class Machine(SessionMachine):
        sessions = Sessions(pool)

    run_state_machine_as_test(
        Machine, settings=settings(max_examples=40, stateful_step_count=20, deadline=None)
    )


def test_a_session_remembers_how_its_owner_proved_who_they_are(
    sessions: Sessions, clock: Clock, learner_id: UUID
) -> None:
    session = sessions.start(learner_id, factors={"pwd"})
    assert (session.authenticated_at, session.factors) == (clock.now, frozenset({"pwd"}))
    began = clock.now
    clock.advance(seconds=600)
    session = sessions.rotate(session.refresh_token)
    assert (session.authenticated_at, session.factors) == (began, frozenset({"pwd"}))
    proof = sessions.prove_again(session.session_id, {"otp", "pwd"})
    assert proof is not None
    assert (proof.authenticated_at, proof.factors) == (clock.now, frozenset({"pwd", "otp"}))
    again = sessions.rotate(session.refresh_token)
    assert (again.authenticated_at, again.factors) == (clock.now, frozenset({"pwd", "otp"}))


def test_who_has_no_live_session_proves_nothing_in_it(sessions: Sessions, learner_id: UUID) -> None:
    session = sessions.start(learner_id)
    assert sessions.belongs_to(session.session_id, learner_id)
    assert not sessions.belongs_to(session.session_id, uuid4())
    sessions.end(session.session_id)
    assert not sessions.belongs_to(session.session_id, learner_id)
    assert sessions.prove_again(session.session_id, {"otp"}) is None
    assert sessions.prove_again(uuid4(), {"otp"}) is None
