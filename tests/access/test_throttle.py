from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from psycopg_pool import ConnectionPool

from access.throttle import Throttle, Throttled
from tests.access.conftest import Clock

SECRET = bytes(range(32))


@pytest.fixture
def throttle(pool: ConnectionPool, clock: Clock) -> Throttle:
    return Throttle(pool, SECRET, clock=clock)


@pytest.fixture
def account() -> str:
    return f"John.{uuid4()}"


def wait(throttle: Throttle, account: str, address: str | None = None) -> int:
    """How long a log-in has to wait; 0 when it was admitted."""
    try:
        throttle.admit(account, address)
    except Throttled as error:
        return error.retry_after
    return 0


def test_the_delay_grows_with_each_failure_up_to_five_minutes(
    throttle: Throttle, clock: Clock, account: str
) -> None:
    assert [wait(throttle, account) for _ in range(5)] == [0, 0, 0, 0, 0]
    delays = []
    for _ in range(11):
        delay = wait(throttle, account)
        delays.append(delay)
        clock.advance(seconds=delay - 0.5)
        assert wait(throttle, account) == 1
        clock.advance(seconds=0.5)
        assert wait(throttle, account) == 0
    assert delays == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


def test_success_clears_the_account(throttle: Throttle, account: str, address: str) -> None:
    for _ in range(3):
        for _ in range(5):
            assert wait(throttle, account, address) == 0
        throttle.succeeded(account, address)


def test_failures_are_forgotten_after_a_day(throttle: Throttle, clock: Clock, account: str) -> None:
    for _ in range(5):
        throttle.admit(account, None)
    clock.advance(seconds=24 * 3600 + 1)
    assert [wait(throttle, account) for _ in range(5)] == [0, 0, 0, 0, 0]


def test_an_address_that_tries_many_accounts_has_to_wait(
    throttle: Throttle, clock: Clock, address: str
) -> None:
    for _ in range(100):
        assert wait(throttle, str(uuid4()), address) == 0
    assert wait(throttle, str(uuid4()), address) == 1
    assert wait(throttle, str(uuid4()), "198.51.100.7") == 0
    clock.advance(seconds=1)
    assert wait(throttle, str(uuid4()), address) == 0


def test_one_valid_account_does_not_pay_for_guesses_at_others(
    throttle: Throttle, address: str
) -> None:
    for _ in range(99):
        throttle.admit(str(uuid4()), address)
    throttle.admit("mine", address)
    throttle.succeeded("mine", address)
    assert wait(throttle, str(uuid4()), address) == 0
    assert wait(throttle, str(uuid4()), address) > 0


def test_good_log_ins_from_one_address_never_add_up(throttle: Throttle, address: str) -> None:
    for _ in range(150):
        throttle.admit("someone", address)
        throttle.succeeded("someone", address)


def test_a_refused_log_in_is_not_counted_anywhere(
    throttle: Throttle, clock: Clock, account: str, address: str
) -> None:
    for _ in range(100):
        throttle.admit(str(uuid4()), address)
    for _ in range(10):
        assert wait(throttle, account, address) == 1
    clock.advance(seconds=3600)
    assert [wait(throttle, account, address) for _ in range(5)] == [0, 0, 0, 0, 0]


def test_a_thousand_guesses_at_once_get_no_more_than_five(throttle: Throttle, account: str) -> None:
    with ThreadPoolExecutor(8) as threads:
        waits = list(threads.map(lambda _: wait(throttle, account), range(200)))
    assert waits.count(0) == 5


def test_good_log_ins_at_once_do_not_hinder_each_other(pool: ConnectionPool, address: str) -> None:
    throttle = Throttle(pool, SECRET)

    def log_in(account: str) -> None:
        throttle.admit(account, address)
        throttle.succeeded(account, address)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(log_in, [str(uuid4()) for _ in range(200)]))


def test_spelling_a_name_in_capitals_gives_no_more_tries(throttle: Throttle, account: str) -> None:
    spellings = [account, account.upper(), account.lower(), f" {account}", f"{account} "]
    for spelling in spellings:
        throttle.admit(spelling, None)
    assert wait(throttle, account) > 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2001:db8::1", "2001:db8::ffff:2"),
        ("192.0.2.1", "::ffff:192.0.2.1"),
        ("not an address", "not an address"),
    ],
)
def test_what_a_client_can_change_at_will_is_one_address(
    pool: ConnectionPool, clock: Clock, one: str, other: str
) -> None:
    throttle = Throttle(pool, uuid4().bytes * 2, clock=clock)
    for address in [one, other] * 50:
        throttle.admit(str(uuid4()), address)
    assert wait(throttle, str(uuid4()), one) > 0
    assert wait(throttle, str(uuid4()), other) > 0
    assert wait(throttle, str(uuid4()), "2001:db8:0:1::1") == 0


def test_names_and_addresses_stand_nowhere(
    pool: ConnectionPool, throttle: Throttle, account: str, address: str
) -> None:
    throttle.admit(account, address)
    with pool.connection() as connection:
        rows = connection.execute("SELECT f::text FROM access.failed_logins f").fetchall()
    assert rows
    assert not any(account.casefold() in row[0] or address in row[0] for row in rows)


@pytest.mark.parametrize("name", ["", "\0", "\ud800", "x" * 100_000])
def test_any_name_can_be_counted(throttle: Throttle, name: str) -> None:
    wait(throttle, name)


def test_old_counts_are_deleted(throttle: Throttle, clock: Clock, account: str) -> None:
    throttle.admit(account, None)
    clock.advance(seconds=25 * 3600)
    assert throttle.forget_old() >= 1


def test_a_wait_is_said_in_good_english() -> None:
    assert str(Throttled(1)) == "Too many failed log-ins; try again in a second."
    assert str(Throttled(2, "requests")) == "Too many requests; try again in 2 seconds."
