from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg_pool import ConnectionPool

from access.seal import Seal, WrongSeal
from access.totp import CodeRefusal, SharedSecret, Totp, enrol_statement, forget_statement
from tests.access.conftest import Clock

MASTER = bytes(range(32))


class Device:
    """An authenticator app with one secret."""

    def __init__(self, totp: Totp, pool: ConnectionPool, clock: Clock) -> None:
        self.learner_id = uuid4()
        self._clock = clock
        self.shown, self.sealed = totp.new_secret(self.learner_id, "jane.doe")
        statement = enrol_statement(self.learner_id, uuid4(), self.sealed, clock.now)
        with pool.connection() as connection:
            connection.execute(*statement)

    def code(self, steps: int = 0) -> str:
        return pyotp.TOTP(self.shown.secret).at(self._clock.now, counter_offset=steps)


@pytest.fixture
def totp(pool: ConnectionPool, clock: Clock) -> Totp:
    return Totp(pool, MASTER, clock=clock)


@pytest.fixture
def device(totp: Totp, pool: ConnectionPool, clock: Clock) -> Device:
    return Device(totp, pool, clock)


def test_the_code_of_now_is_good_once(totp: Totp, device: Device, clock: Clock) -> None:
    code = device.code()
    assert totp.use(device.learner_id, code) is None
    assert totp.use(device.learner_id, code) is CodeRefusal.REPLAYED
    clock.advance(seconds=30)
    assert totp.use(device.learner_id, code) is CodeRefusal.REPLAYED
    assert totp.use(device.learner_id, device.code()) is None


@pytest.mark.parametrize(
    ("steps", "refusal"),
    [(-2, CodeRefusal.WRONG), (-1, None), (0, None), (1, None), (2, CodeRefusal.WRONG)],
)
def test_a_clock_may_be_half_a_minute_off(
    totp: Totp, device: Device, steps: int, refusal: CodeRefusal | None
) -> None:
    assert totp.use(device.learner_id, device.code(steps)) is refusal


def test_a_code_older_than_one_used_is_refused(totp: Totp, device: Device) -> None:
    assert totp.use(device.learner_id, device.code(1)) is None
    for steps in (-1, 0, 1):
        assert totp.use(device.learner_id, device.code(steps)) is CodeRefusal.REPLAYED


def test_of_one_code_used_at_once_exactly_one_wins(totp: Totp, device: Device) -> None:
    start = Barrier(8)

    def use(_: int) -> CodeRefusal | None:
        start.wait(timeout=10)
        return totp.use(device.learner_id, device.code())

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(use, range(8)))
    assert outcomes.count(None) == 1
    assert outcomes.count(CodeRefusal.REPLAYED) == 7


@pytest.mark.parametrize(
    "code", ["", "12345", "1234567", "abcdef", "１２３４５６", "\0", "\ud800", "-1"]
)
def test_what_is_no_code_is_wrong(totp: Totp, device: Device, code: str) -> None:
    assert totp.use(device.learner_id, code) is CodeRefusal.WRONG


def test_a_code_may_be_typed_with_a_space(totp: Totp, device: Device) -> None:
    code = device.code()
    assert totp.use(device.learner_id, f"{code[:3]} {code[3:]}") is None


def test_nobody_has_codes_of_another(
    totp: Totp, device: Device, pool: ConnectionPool, clock: Clock
) -> None:
    other = Device(totp, pool, clock)
    assert totp.use(other.learner_id, device.code()) is CodeRefusal.WRONG
    assert totp.use(uuid4(), device.code()) is CodeRefusal.WRONG


def test_a_forgotten_secret_is_worthless(totp: Totp, device: Device, pool: ConnectionPool) -> None:
    with pool.connection() as connection:
        connection.execute(*forget_statement(device.learner_id))
    assert totp.use(device.learner_id, device.code()) is CodeRefusal.WRONG
    assert totp.pending(device.learner_id) is None


def test_the_secret_is_shown_in_every_form_an_app_takes(device: Device) -> None:
    shown = device.shown
    uri = urlsplit(shown.otpauth_uri)
    assert (uri.scheme, uri.netloc, uri.path) == ("otpauth", "totp", "/LMS:jane.doe")
    assert parse_qs(uri.query) == {"secret": [shown.secret], "issuer": ["LMS"]}
    assert shown.qr_svg.startswith("data:image/svg+xml")
    assert shown.qr_png.startswith("data:image/png;base64,")
    assert len(shown.secret) == 32


def test_only_the_seal_of_a_secret_is_kept_and_nothing_shown(
    device: Device, pool: ConnectionPool
) -> None:
    assert device.shown.secret.encode() not in device.sealed
    assert device.shown.secret not in repr(device.shown)
    with pool.connection() as connection:
        row = connection.execute(
            "SELECT t::text, sealed_secret FROM access.totp t WHERE learner_id = %s",
            (device.learner_id,),
        ).fetchone()
    assert row is not None
    assert device.shown.secret not in row[0]
    assert bytes(row[1]) == device.sealed


def test_a_sealed_secret_moved_to_another_person_does_not_open(device: Device) -> None:
    seal = Seal(MASTER, "totp")
    assert seal.open(device.sealed, device.learner_id.bytes).decode() == device.shown.secret
    for other in (Seal(bytes(32), "totp"), Seal(MASTER, "recovery codes")):
        with pytest.raises(WrongSeal):
            other.open(device.sealed, device.learner_id.bytes)
    with pytest.raises(WrongSeal):
        seal.open(device.sealed, uuid4().bytes)


@given(st.binary(max_size=200), st.uuids(version=4))
def test_what_is_sealed_opens_as_it_was(plain: bytes, context: UUID) -> None:
    seal = Seal(MASTER, "test")
    assert seal.open(seal.seal(plain, context.bytes), context.bytes) == plain


def test_two_secrets_are_never_the_same(totp: Totp) -> None:
    made: list[SharedSecret] = [totp.new_secret(uuid4(), "x")[0] for _ in range(20)]
    assert len({each.secret for each in made}) == 20
