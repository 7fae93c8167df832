"""What is good once or for a while: recovery codes, challenges, secrets of service accounts."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from psycopg_pool import ConnectionPool

from access import client_secrets
from access.challenges import TRIES, Challenges, InvalidChallenge
from access.client_secrets import ClientSecrets, hash_of, new_secret
from access.housekeeping import Housekeeping
from access.keys import SigningKeys
from access.recovery_codes import HOW_MANY, RecoveryCodes, replace_statements
from access.refusals import Refusals
from access.resets import Resets
from access.sessions import Sessions
from access.throttle import Throttle
from tests.access.conftest import Clock

MASTER = bytes(range(32))


@pytest.fixture
def recovery(pool: ConnectionPool) -> RecoveryCodes:
    return RecoveryCodes(pool, MASTER)


@pytest.fixture
def challenges(pool: ConnectionPool, clock: Clock) -> Challenges:
    return Challenges(pool, clock=clock)


def kept(pool: ConnectionPool, recovery: RecoveryCodes, learner_id: UUID) -> list[str]:
    codes, hashes = recovery.new(learner_id)
    with pool.connection() as connection:
        for statement in replace_statements(learner_id, hashes):
            connection.execute(*statement)
    return codes


def test_each_recovery_code_is_good_once(
    pool: ConnectionPool, recovery: RecoveryCodes, learner_id: UUID
) -> None:
    codes = kept(pool, recovery, learner_id)
    assert len(set(codes)) == HOW_MANY
    for code in codes:
        assert recovery.use(learner_id, code)
        assert not recovery.use(learner_id, code)


def test_a_recovery_code_is_read_as_people_type_it(
    pool: ConnectionPool, recovery: RecoveryCodes, learner_id: UUID
) -> None:
    first, second, *_ = kept(pool, recovery, learner_id)
    assert recovery.use(learner_id, f" {first.upper()} ")
    assert recovery.use(learner_id, second.replace("-", ""))


def test_recovery_codes_are_one_persons_and_the_newest(
    pool: ConnectionPool, recovery: RecoveryCodes, learner_id: UUID
) -> None:
    old = kept(pool, recovery, learner_id)
    assert not recovery.use(uuid4(), old[0])
    kept(pool, recovery, learner_id)
    assert not recovery.use(learner_id, old[0])
    assert not RecoveryCodes(pool, bytes(32)).use(learner_id, old[1])


def test_of_one_recovery_code_used_at_once_exactly_one_wins(
    pool: ConnectionPool, recovery: RecoveryCodes, learner_id: UUID
) -> None:
    code = kept(pool, recovery, learner_id)[0]
    with ThreadPoolExecutor(8) as threads:
        used = list(threads.map(lambda _: recovery.use(learner_id, code), range(8)))
    assert used.count(True) == 1


def test_a_challenge_tells_whose_log_in_it_is_until_it_is_settled(
    challenges: Challenges, learner_id: UUID
) -> None:
    token = challenges.open(learner_id, {"pwd"})
    assert challenges.attempt(token).learner_id == learner_id
    assert challenges.attempt(token).factors == {"pwd"}
    challenges.settle(token)
    for step in (challenges.attempt, challenges.settle):
        with pytest.raises(InvalidChallenge):
            step(token)


def test_a_challenge_ends_after_some_tries_and_some_minutes(
    challenges: Challenges, clock: Clock, learner_id: UUID
) -> None:
    token = challenges.open(learner_id, {"pwd"})
    for _ in range(TRIES):
        challenges.attempt(token)
    with pytest.raises(InvalidChallenge):
        challenges.attempt(token)
    another = challenges.open(learner_id, {"pwd"})
    clock.advance(seconds=300)
    with pytest.raises(InvalidChallenge):
        challenges.attempt(another)


@pytest.mark.parametrize("token", ["", "guess", "\0", "\ud800", "x" * 100_000])
def test_a_made_up_challenge_is_refused(challenges: Challenges, token: str) -> None:
    with pytest.raises(InvalidChallenge):
        challenges.attempt(token)


def test_a_client_secret_is_good_until_it_expires_or_is_revoked(
    pool: ConnectionPool, clock: Clock
) -> None:
    secrets = ClientSecrets(pool, clock=clock)
    account, secret_id, secret = uuid4(), uuid4(), new_secret()
    day = timedelta(days=1)
    save = client_secrets.save_statement(
        secret_id, account, hash_of(secret), clock.now, clock.now + day
    )
    with pool.connection() as connection:
        connection.execute(*save)
    assert secrets.verify(account, secret)
    assert not secrets.verify(uuid4(), secret)
    assert not secrets.verify(account, new_secret())
    assert not secrets.verify(account, "\ud800")
    clock.advance(seconds=86_400)
    assert not secrets.verify(account, secret)
    clock.advance(seconds=-1)
    assert secrets.verify(account, secret)
    with pool.connection() as connection:
        connection.execute(*client_secrets.revoke_statement(secret_id))
    assert not secrets.verify(account, secret)


def test_only_the_hash_of_a_client_secret_is_kept(pool: ConnectionPool, clock: Clock) -> None:
    account, secret = uuid4(), new_secret()
    save = client_secrets.save_statement(uuid4(), account, hash_of(secret), clock.now, None)
    with pool.connection() as connection:
        connection.execute(*save)
        row = connection.execute(
            "SELECT c::text FROM access.client_secrets c WHERE service_account_id = %s", (account,)
        ).fetchone()
    assert row is not None
    assert secret not in row[0]


def test_housekeeping_deletes_what_is_past_its_time(
    pool: ConnectionPool, clock: Clock, challenges: Challenges, learner_id: UUID
) -> None:
    sessions = Sessions(pool, clock=clock)
    housekeeping = Housekeeping(
        sessions,
        challenges,
        Throttle(pool, MASTER, clock=clock),
        Refusals(pool, MASTER, clock=clock),
        Resets(pool, clock=clock),
        SigningKeys(pool, MASTER),
        keys_kept=timedelta(minutes=30),
        clock=clock,
    )
    token, session = challenges.open(learner_id, {"pwd"}), sessions.start(learner_id)
    housekeeping.sweep()
    assert challenges.attempt(token)
    assert sessions.is_live(session.session_id)
    clock.advance(seconds=31 * 86_400)
    swept = housekeeping.sweep()
    assert swept["sessions"] >= 1
    assert swept["challenges"] >= 1
    with pool.connection() as connection:
        row = connection.execute(
            "SELECT count(*) FROM access.sessions WHERE session_id = %s", (session.session_id,)
        ).fetchone()
    assert row == (0,)
