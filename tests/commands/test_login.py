"""Logging in: with what, how often, and what is left of it when it is refused."""

import math
import statistics
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pyotp
import pytest
from argon2 import PasswordHasher
from psycopg_pool import ConnectionPool

from access.actor import Actor
from access.challenges import Challenges, InvalidChallenge
from access.keys import SigningKeys
from access.password_policy import PasswordPolicy
from access.passwords import FormerPassword, Passwords, WeakPassword
from access.recovery_codes import RecoveryCodes
from access.refusals import Refusals, Untold
from access.sessions import InvalidRefreshToken, Sessions
from access.sso import SsoTables
from access.throttle import Throttle, Throttled
from access.tokens import TokenIssuer
from access.totp import Totp
from commands.admission import Admission, SecondFactorRequired, Tokens
from commands.context import Context
from commands.doorkeeper import Doorkeeper
from commands.factors import SecondFactors
from commands.learner import ChangePassword, DeactivateLearner, RegisterLearner
from commands.login import (
    Accounts,
    InvalidCredentials,
    PasswordExpired,
    PasswordNotExpired,
    SecondFactorOwed,
    WrongPassword,
)
from commands.proof import FactorCheck, Given, WrongCode
from domain.roles import Role
from tests.commands.system import MASTER_KEY, NOW, System
from tests.servers.postgres import Database

OLD, NEW = "a pelican on a staple", "some horse with batteries"
MONTH = timedelta(days=30)


class Door:
    """Where one logs in, in a system whose passwords expire after a month."""

    def __init__(self, database: Database) -> None:
        self.pool: ConnectionPool[Any] = ConnectionPool(
            database.write_url, min_size=1, max_size=4, kwargs={"autocommit": True}, open=True
        )
        self.system = System(database)
        self.now = NOW
        cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        self.passwords = Passwords(self.pool, cheap, PasswordPolicy(longest_age=MONTH))
        keys = SigningKeys(self.pool, MASTER_KEY)
        keys.ensure()
        self.refusals = Refusals(self.pool, MASTER_KEY, clock=lambda: self.now)
        self.sessions = Sessions(self.pool, clock=lambda: self.now)
        throttle = Throttle(self.pool, MASTER_KEY, clock=lambda: self.now)
        keeper = Doorkeeper(throttle, self.refusals)
        log, dispatcher = self.system.log, self.system.dispatcher
        self.totp = Totp(self.pool, MASTER_KEY, clock=lambda: self.now)
        codes = RecoveryCodes(self.pool, MASTER_KEY)
        challenges = Challenges(self.pool, clock=lambda: self.now)
        issuer = TokenIssuer(keys, issuer="https://lms.example", audience="lms")
        admission = Admission(log, dispatcher, self.sessions, challenges, issuer)
        check = FactorCheck(dispatcher, self.totp, codes, keeper)
        self.accounts = Accounts(
            log, dispatcher, self.passwords, self.sessions, keeper, admission, check
        )
        self.factors = SecondFactors(
            log,
            dispatcher,
            admission,
            self.passwords,
            self.sessions,
            challenges,
            self.totp,
            codes,
            keeper,
            SsoTables(self.pool, MASTER_KEY, clock=lambda: self.now),
        )

    def somebody(self) -> str:
        """The user name of a new person with the password `OLD`."""
        name = f"person-{uuid4().hex[:12]}"
        command = RegisterLearner(
            username=name, email=f"{name}@example.com", full_name="Jane Doe", password=OLD
        )
        self.id = self.system.dispatch(command).id
        return name

    def context(self, actor: Actor | None = None) -> Context:
        return Context(
            actor=actor or Actor(id=None, roles=frozenset()),
            now=self.now,
            correlation_id=uuid4(),
            command_id=uuid4(),
            source_address=f"192.0.2.{uuid4().int % 250}",
        )

    def log_in(self, name: str, password: str = OLD) -> Any:
        return self.accounts.log_in(name, password, self.context())

    def replace(self, name: str, old: str, new: str, given: Given | None = None) -> Tokens:
        return self.accounts.replace_expired(name, old, new, given or Given(), self.context())

    def enrol(self) -> "Authenticator":
        """The last somebody gets a second factor."""
        actor = Actor(self.id, frozenset({Role.EMPLOYEE}), authenticated_at=self.now)
        started = self.factors.start_enrolment(self.context(actor))
        app = Authenticator(self, started.shared.secret)
        app.recovery_codes = self.factors.confirm(app.code(), self.context(actor)).recovery_codes
        return app

    def counted(self) -> list[Untold]:
        return self.refusals.untold(100)

    def close(self) -> None:
        self.system.close()
        self.pool.close()


class Authenticator:
    """An app that makes a code, another one each time."""

    def __init__(self, door: Door, secret: str) -> None:
        self._door = door
        self._totp = pyotp.TOTP(secret)
        self.recovery_codes: list[str] = []

    def code(self) -> str:
        self._door.now += timedelta(seconds=30)
        return self._totp.at(self._door.now)


@pytest.fixture
def door(database: Database) -> Iterator[Door]:
    door = Door(database)
    yield door
    door.close()


@pytest.mark.parametrize("spelling", ["{}", "{}@example.com", " {} "])
def test_one_logs_in_by_either_name(door: Door, spelling: str) -> None:
    tokens = door.log_in(spelling.format(door.somebody()).upper())
    assert tokens.access_token
    assert tokens.access_token not in repr(tokens)
    assert door.counted() == []


def test_a_password_may_not_be_made_of_ones_names(door: Door) -> None:
    command = RegisterLearner(
        username="ada.okafor",
        email="ada@northwind.example",
        full_name="Ada Okafor",
        password="northwind-okafor",
    )
    with pytest.raises(WeakPassword):
        door.system.dispatch(command)


def test_refusals_are_counted_by_who_was_meant(door: Door) -> None:
    name = door.somebody()
    for _ in range(3):
        with pytest.raises(InvalidCredentials):
            door.log_in(name, "a guess")
    with pytest.raises(InvalidCredentials):
        door.log_in("nobody-here")
    known, unknown = sorted(door.counted(), key=lambda each: -each.number)
    assert (known.learner_id, known.reason, known.number) == (door.id, "wrong-password", 3)
    assert (unknown.learner_id, unknown.reason) == (None, "unknown-name")
    assert unknown.name_hash == door.refusals.name("nobody-here")


def test_throttled_log_ins_are_counted_too(door: Door) -> None:
    name = door.somebody()
    for _ in range(5):
        with pytest.raises(InvalidCredentials):
            door.log_in(name, "a guess")
    for _ in range(4):
        with pytest.raises(Throttled):
            door.log_in(name)
    assert {each.reason: each.number for each in door.counted()} == {
        "wrong-password": 5,
        "throttled": 4,
    }


def test_a_deactivated_person_is_refused_like_a_stranger(door: Door) -> None:
    name = door.somebody()
    door.system.dispatch(DeactivateLearner(learner_id=door.id))
    with pytest.raises(InvalidCredentials):
        door.log_in(name)
    assert [each.reason for each in door.counted()] == ["inactive"]


@pytest.mark.parametrize(
    ("how", "reason"),
    [("made up", "unknown-token"), ("twice", "token-reused"), ("late", "token-expired")],
)
def test_refused_refreshes_are_counted(door: Door, how: str, reason: str) -> None:
    tokens = door.log_in(door.somebody())
    token = "made up" if how == "made up" else tokens.refresh_token
    if how == "twice":
        door.accounts.refresh(token, door.context())
    door.now += timedelta(days=40 if how == "late" else 0)
    with pytest.raises(InvalidRefreshToken):
        door.accounts.refresh(token, door.context())
    (counted,) = door.counted()
    assert (counted.kind, counted.reason) == ("refresh", reason)
    assert counted.learner_id == (None if how == "made up" else door.id)


def test_changing_a_password_needs_the_old_one(door: Door) -> None:
    name = door.somebody()
    context = door.context(Actor(door.id, frozenset({Role.EMPLOYEE})))
    with pytest.raises(WrongPassword):
        door.accounts.change_password("a guess", NEW, context)
    assert [(each.kind, each.reason) for each in door.counted()] == [
        ("password-change", "wrong-password")
    ]
    with pytest.raises(FormerPassword):
        door.accounts.change_password(OLD, OLD, context)
    door.accounts.change_password(OLD, NEW, context)
    assert door.log_in(name, NEW)


def test_an_expired_password_opens_nothing_but_the_way_to_the_next_one(door: Door) -> None:
    name = door.somebody()
    assert door.log_in(name)
    door.now += MONTH
    with pytest.raises(InvalidCredentials):
        door.log_in(name, "a guess")
    with pytest.raises(PasswordExpired):
        door.log_in(name)
    with pytest.raises(InvalidCredentials):
        door.replace(name, "a guess", NEW)
    with pytest.raises(FormerPassword):
        door.replace(name, OLD, OLD)
    with pytest.raises(WeakPassword):
        door.replace(name, OLD, name)
    assert door.replace(name, OLD, NEW).access_token
    assert door.log_in(name, NEW)
    with pytest.raises(PasswordNotExpired):
        door.replace(name, NEW, OLD)


def test_an_expired_password_alone_changes_nothing_for_who_has_a_second_factor(door: Door) -> None:
    name = door.somebody()
    app = door.enrol()
    door.now += MONTH
    with pytest.raises(PasswordExpired):
        door.log_in(name)
    with pytest.raises(SecondFactorOwed):
        door.replace(name, OLD, NEW)
    with pytest.raises(WrongCode):
        door.replace(name, OLD, NEW, Given(code="000000"))
    with pytest.raises(InvalidCredentials):
        door.replace(name, NEW, NEW, Given(code=app.code()))
    tokens = door.replace(name, OLD, NEW, Given(code=app.code()))
    assert door.accounts.refresh(tokens.refresh_token, door.context())
    assert isinstance(door.log_in(name, NEW), SecondFactorRequired)
    refused = {(each.kind, each.reason) for each in door.counted()}
    assert ("second-factor", "wrong-code") in refused


def test_a_log_in_begun_with_a_former_password_isnt_finished(door: Door) -> None:
    name = door.somebody()
    app = door.enrol()
    begun = door.log_in(name)
    assert isinstance(begun, SecondFactorRequired)
    door.system.dispatch(ChangePassword(learner_id=door.id, password=NEW))
    with pytest.raises(InvalidChallenge):
        door.factors.log_in(begun.challenge, Given(code=app.code()), door.context())


def test_a_recovery_code_is_not_lost_on_a_weak_password(door: Door) -> None:
    name = door.somebody()
    given = Given(recovery_code=door.enrol().recovery_codes[0])
    door.now += MONTH
    with pytest.raises(WeakPassword):
        door.replace(name, OLD, name, given)
    assert door.replace(name, OLD, NEW, given).access_token
    door.now += MONTH
    with pytest.raises(WrongCode):
        door.replace(name, NEW, "yet another pelican", given)


def test_replacing_an_expired_password_ends_all_older_sessions(door: Door) -> None:
    name = door.somebody()
    older = door.log_in(name)
    door.now += timedelta(days=6)
    older = door.accounts.refresh(older.refresh_token, door.context())
    door.system.dispatch(
        ChangePassword(learner_id=door.id, password=NEW), now=NOW - timedelta(days=60)
    )
    with pytest.raises(InvalidRefreshToken):
        door.accounts.refresh(older.refresh_token, door.context())
    newer = door.replace(name, NEW, "yet another pelican")
    assert door.accounts.refresh(newer.refresh_token, door.context())


class Work:
    """Every statement sent to the database, and every password that was checked."""

    def __init__(self, door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
        self.done: list[str] = []
        execute, matches = psycopg.Cursor.execute, door.passwords._matches

        def noted(cursor: Any, query: Any, *args: Any, **more: Any) -> Any:
            self.done.append(str(query))
            return execute(cursor, query, *args, **more)

        def hashed(stored: str, password: bytes) -> bool:
            self.done.append(stored.rsplit("$", 2)[0])
            return matches(stored, password)

        monkeypatch.setattr(psycopg.Cursor, "execute", noted)
        monkeypatch.setattr(door.passwords, "_matches", hashed)

    def of(self, door: Door, name: str) -> list[str]:
        self.done.clear()
        with pytest.raises((InvalidCredentials, Throttled)):
            door.log_in(name, "a guess")
        return list(self.done)


def test_an_unknown_name_makes_as_much_work_as_a_known_one(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Statement by statement: by user name and by address, known to this process or not."""
    known, other, fresh = door.somebody(), door.somebody(), door.somebody()
    door.log_in(other)
    door.system.log.forget([door.id])
    work = Work(door, monkeypatch)
    expected = work.of(door, "nobody")
    assert sum("argon2" in each for each in expected) == 1
    assert len(expected) > 5
    for name in (known, f"{other}@example.com", other, fresh, "nobody@example.com", "x" * 5_000):
        assert work.of(door, name) == expected, name
    throttled = [work.of(door, name) for name in ("nobody", known) for _ in range(6)]
    assert throttled[5] == throttled[11]
    assert not any("argon2" in each for each in throttled[5])


ALLOWED = math.log(1.1)


def keep_busy(seconds: float) -> None:
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        continue


def difference(door: Door, planted: float = 0.0) -> tuple[float, float]:
    """Between what and what the logarithm of known / unknown is, as sure as 9,999 in 10,000.

    By pairs, one right after the other and in turns first: what a busy machine adds to one is as
    often added to the other. The hash is cheap, so that it hides nothing. The bounds are those of
    the sign test, which asks nothing of how times are distributed. `planted` is which share of an
    unknown name's usual time a known one is kept busy for in addition.
    """
    names = [door.somebody() for _ in range(60)]

    def took(name: str) -> float:
        began = time.perf_counter()
        with pytest.raises(InvalidCredentials):
            door.log_in(name, "a guess")
        if not name.startswith("no-"):
            keep_busy(planted * usual)
        return time.perf_counter() - began

    usual = 0.0
    usual = statistics.median(took(f"no-{name}") for name in names)
    ratios = []
    for number, name in enumerate(names * 4):
        pair = [name, f"no-{name}"]
        first, second = pair[:: -1 if number % 2 else 1]
        seconds = {first: took(first), second: took(second)}
        ratios.append(math.log(seconds[name] / seconds[f"no-{name}"]))
    ratios.sort()
    middle, surely = len(ratios) // 2, round(3.9 * math.sqrt(len(ratios)) / 2)
    return ratios[middle - surely], ratios[middle + surely]


@pytest.mark.slow
def test_an_unknown_name_takes_as_long_as_a_known_one(database: Database) -> None:
    """It fails when one surely takes a tenth longer than the other."""
    door = Door(database)
    lowest, highest = difference(door)
    door.close()
    assert lowest < ALLOWED, "a known name takes longer"
    assert highest > -ALLOWED, "an unknown name takes longer"


@pytest.mark.slow
def test_a_difference_that_is_planted_is_noticed(database: Database) -> None:
    """What the test above is worth: a third more is found, on a busy machine too."""
    door = Door(database)
    lowest, _ = difference(door, planted=1 / 3)
    door.close()
    assert lowest > ALLOWED
