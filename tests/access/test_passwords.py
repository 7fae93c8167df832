import contextlib
import statistics
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from argon2 import PasswordHasher
from psycopg_pool import ConnectionPool

from access.password_policy import PasswordPolicy
from access.passwords import (
    FormerPassword,
    Passwords,
    WeakPassword,
    forget_statement,
    save_statement,
)

GOOD = "correct horse battery"
AT = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def passwords(pool: ConnectionPool) -> Passwords:
    return Passwords(pool, PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


def save(pool: ConnectionPool, learner_id: UUID, password_hash: str) -> None:
    with pool.connection() as connection:
        connection.execute(*save_statement(learner_id, password_hash, AT))


def stored(pool: ConnectionPool, learner_id: UUID) -> str:
    with pool.connection() as connection:
        row = connection.execute(
            "SELECT password_hash FROM access.credentials WHERE learner_id = %s", (learner_id,)
        ).fetchone()
    assert row
    return str(row[0])


def test_the_right_password_is_right_and_another_is_not(
    pool: ConnectionPool, passwords: Passwords, learner_id: UUID
) -> None:
    save(pool, learner_id, passwords.hash(GOOD))
    assert passwords.verify(learner_id, GOOD)
    assert not passwords.verify(learner_id, GOOD + " ")
    assert not passwords.verify(learner_id, "")


def test_a_new_password_replaces_the_old_one(
    pool: ConnectionPool, passwords: Passwords, learner_id: UUID
) -> None:
    save(pool, learner_id, passwords.hash(GOOD))
    save(pool, learner_id, passwords.hash("battery staple too"))
    assert not passwords.verify(learner_id, GOOD)
    assert passwords.verify(learner_id, "battery staple too")


def test_a_forgotten_password_opens_nothing(
    pool: ConnectionPool, passwords: Passwords, learner_id: UUID
) -> None:
    save(pool, learner_id, passwords.hash(GOOD))
    with pool.connection() as connection:
        connection.execute(*forget_statement(learner_id))
    assert not passwords.verify(learner_id, GOOD)


@pytest.mark.parametrize("password", [GOOD, "", "\0", "\ud800", "x" * 100_000])
def test_nobody_has_no_password(passwords: Passwords, password: str) -> None:
    assert not passwords.verify(None, password)
    assert not passwords.verify(uuid4(), password)
    assert not passwords.verify(UUID(int=0), password)


def test_an_unknown_name_takes_as_long_as_a_known_one(
    pool: ConnectionPool, learner_id: UUID
) -> None:
    passwords = Passwords(pool)
    save(pool, learner_id, passwords.hash(GOOD))

    def seconds(who: UUID | None) -> float:
        began = time.perf_counter()
        passwords.verify(who, "a wrong password")
        return time.perf_counter() - began

    known, unknown = [], []
    for _ in range(9):
        known.append(seconds(learner_id))
        unknown.append(seconds(None))
    assert 0.5 < statistics.median(known) / statistics.median(unknown) < 2


def test_a_hash_with_older_parameters_is_renewed_when_the_password_is_right(
    pool: ConnectionPool, passwords: Passwords, learner_id: UUID
) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=32, parallelism=1).hash(GOOD)
    save(pool, learner_id, old)
    assert not passwords.verify(learner_id, "a wrong password")
    assert stored(pool, learner_id) == old
    assert passwords.verify(learner_id, GOOD)
    assert "m=64," in stored(pool, learner_id)
    assert passwords.verify(learner_id, GOOD)


def test_a_damaged_hash_opens_nothing(
    pool: ConnectionPool, passwords: Passwords, learner_id: UUID
) -> None:
    save(pool, learner_id, "no hash")
    assert not passwords.verify(learner_id, GOOD)


def test_the_same_password_typed_on_another_keyboard_is_right(
    pool: ConnectionPool, passwords: Passwords, learner_id: UUID
) -> None:
    save(pool, learner_id, passwords.hash("Zürich-Oerlikon 5"))
    assert passwords.verify(learner_id, "Zu\u0308rich-Oerlikon 5")


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", "at least 8"),
        ("sevench", "at least 8"),
        ("a" * 12, "easy to guess"),
        ("aAbBaAbBaAbB", "easy to guess"),
        ("Password123!", "commonly used"),
        ("qwertyuiop", "easy to guess"),
        ("20300101", "easy to guess"),
        ("\ud800" * 12, "easy to guess"),
        ("long enough, " * 20, "at most 256"),
    ],
)
def test_a_weak_password_is_refused_without_being_repeated(
    passwords: Passwords, password: str, why: str
) -> None:
    with pytest.raises(WeakPassword, match=why) as error:
        passwords.hash(password)
    assert error.value.field == "password"
    assert not password or password not in repr(error.value)


def test_a_strong_password_is_kept_as_argon2id(pool: ConnectionPool) -> None:
    password_hash = Passwords(pool).hash("x7$Kq-passphrase")
    assert password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


ABOUT = ("ada.okafor", "ada.okafor@northwind.example", "Ada Okafor")


@pytest.mark.parametrize(
    "password",
    [
        "ada.okafor",
        "okaforada7",
        "Okafor2030!",
        "0k4for4d4",
        "northwind1",
        "AdaOkafor",
        "northwind-okafor",
        "Ada.Okafor@Northwind",
    ],
)
def test_a_password_made_of_ones_own_names_is_refused(passwords: Passwords, password: str) -> None:
    with pytest.raises(WeakPassword):
        passwords.hash(password, ABOUT)


def test_others_may_have_a_name_that_would_be_ones_own(passwords: Passwords) -> None:
    passwords.hash("okaforada7")
    passwords.hash("Ada likes pelicans mostly", ABOUT)


def test_how_strong_a_password_must_be_is_the_policy_s(pool: ConnectionPool) -> None:
    cheap = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    lax, strict = (Passwords(pool, cheap, PasswordPolicy(score=score)) for score in (0, 4))
    lax.hash("password")
    strict.hash(GOOD)
    with pytest.raises(WeakPassword):
        strict.hash("a long secret")


@pytest.mark.parametrize(
    "password", ["4@8({[</369&#!1/|0$5+7%2" * 10, "p4$$w0rd" * 32, "aA4@" * 64, "x" * 100_000]
)
def test_no_password_keeps_the_judge_busy(passwords: Passwords, password: str) -> None:
    began = time.process_time()
    with contextlib.suppress(WeakPassword):
        passwords.hash(password, ABOUT)
    assert time.process_time() - began < 2


def change(passwords: Passwords, pool: ConnectionPool, who: UUID, password: str, day: int) -> None:
    password_hash = passwords.hash(password, learner_id=who)
    at = AT + timedelta(days=day)
    with pool.connection() as connection, connection.transaction():
        for statement in passwords.save_statements(who, password_hash, at):
            connection.execute(*statement)


def test_the_last_passwords_cant_be_chosen_again(pool: ConnectionPool, learner_id: UUID) -> None:
    cheap = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    passwords = Passwords(pool, cheap, PasswordPolicy(remembered=3))
    for day in range(4):
        change(passwords, pool, learner_id, f"pelican staple {day}", day)
        for again in range(max(0, day - 2), day + 1):
            with pytest.raises(FormerPassword) as error:
                change(passwords, pool, learner_id, f"pelican staple {again}", 9)
            assert "pelican" not in repr(error.value)
    assert not passwords.verify(learner_id, "pelican staple 0")
    change(passwords, pool, learner_id, "pelican staple 0", 5)
    assert passwords.verify(learner_id, "pelican staple 0")


def test_no_more_history_is_kept_than_the_policy_asks_for(
    pool: ConnectionPool, learner_id: UUID
) -> None:
    cheap = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    for remembered, kept in ((4, 3), (1, 0), (0, 0)):
        passwords = Passwords(pool, cheap, PasswordPolicy(remembered=remembered))
        for day in range(6):
            change(passwords, pool, learner_id, f"pelican {remembered} staple {day}", day)
        with pool.connection() as connection:
            row = connection.execute(
                "SELECT count(*) FROM access.former_passwords WHERE learner_id = %s", (learner_id,)
            ).fetchone()
        assert row == (kept,)


def test_a_password_expires_when_the_policy_says_so(
    pool: ConnectionPool, passwords: Passwords, learner_id: UUID
) -> None:
    month = Passwords(pool, policy=PasswordPolicy(longest_age=timedelta(days=30)))
    assert not month.is_expired(learner_id, AT)
    save(pool, learner_id, passwords.hash(GOOD))
    assert not month.is_expired(learner_id, AT + timedelta(days=30, seconds=-1))
    assert month.is_expired(learner_id, AT + timedelta(days=30))
    assert not passwords.is_expired(learner_id, AT + timedelta(days=9999))
