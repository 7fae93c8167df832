"""What is refused at the door is counted in few rows."""

from uuid import UUID, uuid4

import pytest
from psycopg_pool import ConnectionPool

from access.refusals import Refusals, RefusedAct, Untold, Why, told_statement
from tests.access.conftest import Clock

LOG_IN = (RefusedAct.LOG_IN, Why.WRONG_PASSWORD)


@pytest.fixture
def refusals(pool: ConnectionPool, clock: Clock) -> Refusals:
    with pool.connection() as connection:
        connection.execute("DELETE FROM access.refusals")
    return Refusals(pool, bytes(range(32)), clock=clock)


def tell(refusals: Refusals, pool: ConnectionPool, clock: Clock) -> list[Untold]:
    """As the log is told; what it is told."""
    untold = refusals.untold(100)
    with pool.connection() as connection:
        for each in untold:
            connection.execute(*told_statement(each.key, each.counted, each.last_at, clock.now))
    return untold


def test_the_first_is_told_at_once_and_with_it_who_and_from_where(
    refusals: Refusals, clock: Clock, learner_id: UUID
) -> None:
    refusals.count(*LOG_IN, learner_id=learner_id, name="jane", address="192.0.2.1")
    (untold,) = refusals.untold(100)
    assert (untold.kind, untold.reason, untold.number) == ("log-in", "wrong-password", 1)
    assert (untold.learner_id, untold.address) == (learner_id, "192.0.2.1")
    assert untold.name_hash is None
    assert untold.first_at == untold.last_at == clock.now


def test_ten_thousand_are_told_in_a_dozen_sums_that_leave_none_out(
    refusals: Refusals, pool: ConnectionPool, clock: Clock, learner_id: UUID
) -> None:
    told = []
    for _ in range(10_000 // 50):
        for _ in range(50):
            refusals.count(*LOG_IN, learner_id=learner_id)
        clock.advance(seconds=36)
        told += tell(refusals, pool, clock)
    clock.advance(seconds=3600)
    told += tell(refusals, pool, clock)
    assert sum(each.number for each in told) == 10_000
    assert len(told) <= 13
    clock.advance(seconds=10 * 3600)
    assert refusals.untold(100) == []


def test_what_comes_while_the_rest_is_told_is_told_later(
    refusals: Refusals, pool: ConnectionPool, clock: Clock, learner_id: UUID
) -> None:
    refusals.count(*LOG_IN, learner_id=learner_id)
    (read,) = refusals.untold(100)
    refusals.count(*LOG_IN, learner_id=learner_id)
    with pool.connection() as connection:
        for _ in range(2):  # a second time changes nothing
            connection.execute(*told_statement(read.key, read.counted, read.last_at, clock.now))
    assert refusals.untold(100) == []
    clock.advance(seconds=20)
    (rest,) = tell(refusals, pool, clock)
    assert (rest.number, rest.counted) == (1, 2)


def test_a_name_that_nobody_has_is_a_keyed_hash_and_adds_no_row(
    refusals: Refusals, pool: ConnectionPool
) -> None:
    for number in range(100):
        refusals.count(
            RefusedAct.LOG_IN, Why.UNKNOWN_NAME, name=f"name-{number}", address="2001:db8::1"
        )
    (untold,) = refusals.untold(100)
    assert (untold.number, untold.learner_id, untold.address) == (100, None, None)
    assert untold.name_hash == refusals.name("name-99")
    assert untold.network == refusals.network("2001:db8::ffff:2")
    assert Refusals(pool, bytes(32)).name("name-99") != untold.name_hash
    with pool.connection() as connection:
        (row,) = connection.execute("SELECT r::text FROM access.refusals r").fetchall()
    assert "name-" not in row[0]
    assert "2001" not in row[0]


def test_one_process_tells(refusals: Refusals) -> None:
    with refusals.alone() as first, refusals.alone() as second:
        assert (first, second) == (True, False)
    with refusals.alone() as again:
        assert again


@pytest.mark.parametrize("name", ["", "\0", "\ud800", "x" * 100_000])
def test_any_name_and_any_address_is_counted(refusals: Refusals, name: str) -> None:
    refusals.count(RefusedAct.LOG_IN, Why.UNKNOWN_NAME, name=name, address="not an address")
    refusals.count(RefusedAct.LOG_IN, Why.UNKNOWN_NAME, name=name)


def test_what_is_told_and_over_is_forgotten(
    refusals: Refusals, pool: ConnectionPool, clock: Clock
) -> None:
    refusals.count(*LOG_IN, learner_id=uuid4())
    clock.advance(seconds=26 * 3600)
    assert refusals.forget_old() == 0
    tell(refusals, pool, clock)
    assert refusals.forget_old() == 1
