import statistics
import time
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from argon2 import PasswordHasher
from psycopg_pool import ConnectionPool

from access.passwords import Passwords, WeakPassword, forget_statement, save_statement

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
        ("a" * 12, "different"),
        ("aAbBaAbBaAbB", "different"),
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
