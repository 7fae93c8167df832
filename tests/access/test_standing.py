"""What a token can't know because it was issued before."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg_pool import ConnectionPool

from access.actor import Actor
from access.keys import SigningKeys, VerificationKeys
from access.sessions import Sessions
from access.standing import Standings, standing_statement
from access.tokens import InvalidToken, TokenIssuer, TokenVerifier
from domain.roles import Role

LONGEST_TOKEN = timedelta(minutes=15)


@pytest.fixture
def standings(read_pool: ConnectionPool) -> Standings:
    return Standings(read_pool, longest_token=LONGEST_TOKEN)


def now() -> float:
    return datetime.now(UTC).timestamp()


def a_manager() -> Actor:
    return Actor(uuid4(), frozenset({Role.MANAGER}), uuid4())


def note(pool: ConnectionPool, actor: Actor, *roles: Role, active: bool = True) -> None:
    assert actor.id is not None
    with pool.connection() as connection:
        connection.execute(*standing_statement(actor.id, list(roles), active))


def test_whoever_nothing_happened_to_acts_as_their_token_says(standings: Standings) -> None:
    actor = a_manager()
    standings.look()
    assert standings.now(actor, now()) is actor


def test_roles_changed_later_take_the_place_of_the_tokens(
    pool: ConnectionPool, standings: Standings
) -> None:
    actor, issued_at = a_manager(), now()
    note(pool, actor, Role.EMPLOYEE)
    assert standings.now(actor, issued_at) is actor
    standings.look()
    held = standings.now(actor, issued_at)
    assert held is not None
    assert (held.id, held.session_id) == (actor.id, actor.session_id)
    assert held.roles == {Role.EMPLOYEE}
    note(pool, actor, Role.MANAGER)
    standings.look()
    again = standings.now(actor, issued_at)
    assert again is not None
    assert again.roles == {Role.MANAGER}


def test_a_newer_token_knows_better(pool: ConnectionPool, standings: Standings) -> None:
    actor = a_manager()
    note(pool, actor, Role.EMPLOYEE)
    standings.look()
    assert standings.now(actor, now() + 60) is actor


def test_who_is_deactivated_is_nobody_until_reactivated(
    pool: ConnectionPool, standings: Standings
) -> None:
    actor, issued_at = a_manager(), now()
    note(pool, actor, Role.MANAGER, active=False)
    standings.look()
    assert standings.now(actor, issued_at) is None
    note(pool, actor, Role.MANAGER)
    standings.look()
    assert standings.now(actor, issued_at) is not None


def test_a_session_that_ended_is_over(pool: ConnectionPool, standings: Standings) -> None:
    sessions, learner_id = Sessions(pool), uuid4()
    ended, live = (sessions.start(learner_id) for _ in range(2))
    sessions.end(ended.session_id)
    standings.look()
    roles = frozenset({Role.EMPLOYEE})
    assert standings.now(Actor(learner_id, roles, ended.session_id), now()) is None
    assert standings.now(Actor(learner_id, roles, live.session_id), now()) is not None


def test_a_verifier_refuses_what_has_ended_and_takes_roles_as_they_are(
    no_keys: None, pool: ConnectionPool, read_pool: ConnectionPool, standings: Standings
) -> None:
    keys = SigningKeys(pool, bytes(range(32)))
    parties: Any = {"issuer": "https://lms.example", "audience": "lms"}
    actor = a_manager()
    token = TokenIssuer(keys, **parties).access_token(actor)
    verifier = TokenVerifier(VerificationKeys(read_pool), standings=standings, **parties)
    assert verifier.verify(token) == actor
    note(pool, actor, Role.EMPLOYEE)
    standings.look()
    assert verifier.verify(token).roles == {Role.EMPLOYEE}
    note(pool, actor, Role.EMPLOYEE, active=False)
    standings.look()
    with pytest.raises(InvalidToken, match="ended"):
        verifier.verify(token)


def test_what_changed_while_the_database_was_away_is_seen_afterwards(
    pool: ConnectionPool, read_pool: ConnectionPool
) -> None:
    times = iter([0.0, 600.0])
    standings = Standings(read_pool, longest_token=LONGEST_TOKEN, monotonic=lambda: next(times))
    standings.look()
    actor, issued_at = a_manager(), now() - 800
    note(pool, actor, Role.EMPLOYEE)
    with pool.connection() as connection:
        connection.execute(
            "UPDATE access.standing SET changed_at = changed_at - interval '9 minutes'"
            " WHERE learner_id = %s",
            (actor.id,),
        )
    standings.look()
    held = standings.now(actor, issued_at)
    assert held is not None
    assert held.roles == {Role.EMPLOYEE}


def test_without_a_database_it_goes_on_with_what_it_knows(pool: ConnectionPool) -> None:
    with ConnectionPool(
        "postgresql://127.0.0.1:1/none", min_size=0, max_size=1, open=True
    ) as nowhere:
        standings = Standings(nowhere, longest_token=LONGEST_TOKEN)
        with pytest.raises(psycopg.Error):
            standings.look()
        with standings.followed():
            assert standings.now(a_manager(), now()) is not None
