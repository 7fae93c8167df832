import base64
import hashlib
import hmac
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg_pool import ConnectionPool

from access.actor import SYSTEM, Actor
from access.keys import SigningKeys, VerificationKeys
from access.tokens import InvalidToken, TokenIssuer, TokenVerifier
from domain.roles import Role
from tests.access.conftest import Clock
from tests.servers.postgres import Database

MASTER = bytes(range(32))
ISSUER, AUDIENCE = "https://lms.example", "lms"
JOHN = Actor(uuid4(), frozenset({Role.EMPLOYEE, Role.MANAGER}), uuid4())


class House:
    """An issuer and a verifier over the same keys, and what a forger needs."""

    def __init__(self, pool: ConnectionPool, read_pool: ConnectionPool, clock: Clock) -> None:
        self.clock = clock
        self.keys = SigningKeys(pool, MASTER)
        self.keys.ensure()
        self.issuer = TokenIssuer(
            self.keys, issuer=ISSUER, audience=AUDIENCE, clock=clock.timestamp
        )
        self.verifier = TokenVerifier(
            VerificationKeys(read_pool, monotonic=clock.timestamp),
            issuer=ISSUER,
            audience=AUDIENCE,
            clock=clock.timestamp,
            cached_tokens=3,
        )

    def claims(self, **changes: Any) -> dict[str, Any]:
        now = int(self.clock.timestamp())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(JOHN.id),
            "sid": str(JOHN.session_id),
            "roles": ["employee"],
            "iat": now,
            "exp": now + 600,
        }
        return {name: value for name, value in (claims | changes).items() if value is not ...}

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        """A token signed with our own key, whatever it says."""
        key = self.keys.active()
        header = {"alg": "EdDSA", "typ": "at+jwt", "kid": key.kid} | header
        signed = f"{part(header)}.{part(claims)}"
        return f"{signed}.{base64url(key.private_key.sign(signed.encode()))}"


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def part(value: object) -> str:
    return base64url(json.dumps(value).encode())


@pytest.fixture
def house(no_keys: None, pool: ConnectionPool, read_pool: ConnectionPool, clock: Clock) -> House:
    return House(pool, read_pool, clock)


def refused(house: House, token: str) -> str:
    for _ in range(2):  # a refusal isn't softened by the cache
        with pytest.raises(InvalidToken) as error:
            house.verifier.verify(token)
    assert not house.verifier.knows(token)
    return error.value.reason


def test_a_token_tells_who_acts(house: House) -> None:
    token = house.issuer.access_token(JOHN)
    assert not house.verifier.knows(token)
    assert house.verifier.verify(token) == JOHN
    assert house.verifier.knows(token)
    assert house.verifier.verify(token) == JOHN


def test_a_token_says_when_and_how_one_has_proved_who_one_is(house: House) -> None:
    proved = Actor(
        JOHN.id,
        JOHN.roles,
        JOHN.session_id,
        authenticated_at=house.clock.now,
        factors=frozenset({"pwd", "otp"}),
        operations=frozenset({"GetMe", "StepUp"}),
    )
    assert house.verifier.verify(house.issuer.access_token(proved)) == proved


def test_a_service_account_s_token_says_that_it_is_one(house: House) -> None:
    service = Actor(uuid4(), frozenset({Role.ANALYST}), uuid4(), is_service=True)
    assert house.verifier.verify(house.issuer.access_token(service)) == service


def test_a_rotation_logs_nobody_out(house: House) -> None:
    before = house.issuer.access_token(JOHN)
    house.keys.rotate()
    after = house.issuer.access_token(JOHN)
    assert jwt.get_unverified_header(before)["kid"] != jwt.get_unverified_header(after)["kid"]
    house.clock.advance(seconds=1)
    assert house.verifier.verify(before) == house.verifier.verify(after) == JOHN
    house.keys.prune(datetime.now(UTC) + timedelta(days=1))
    house.clock.advance(seconds=60)
    assert refused(house, before) == "The token is signed by an unknown key."
    assert house.verifier.verify(after) == JOHN


@pytest.mark.parametrize(
    "claims", [{"auth_time": -1}, {"auth_time": 10**15}, {"amr": "pwd"}, {"client_id": "x"}]
)
def test_new_claims_that_make_no_sense_are_refused(house: House, claims: dict[str, Any]) -> None:
    assert refused(house, house.sign(house.claims(**claims)))


def test_the_forger_s_own_tool_makes_good_tokens_when_nothing_is_changed(house: House) -> None:
    assert house.verifier.verify(house.sign(house.claims())).id == JOHN.id


@pytest.mark.parametrize("actor", [SYSTEM, Actor(uuid4(), frozenset({Role.SYSTEM}), uuid4())])
def test_the_system_gets_no_token(house: House, actor: Actor) -> None:
    with pytest.raises(ValueError, match="Only a person"):
        house.issuer.access_token(actor)


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", ""])
def test_an_unsigned_token_is_refused(house: House, algorithm: str) -> None:
    header = {"alg": algorithm, "typ": "at+jwt", "kid": house.keys.active().kid}
    assert refused(house, f"{part(header)}.{part(house.claims())}.")
    _, payload, signature = house.issuer.access_token(JOHN).split(".")
    assert refused(house, f"{part(header)}.{payload}.{signature}")


@pytest.mark.parametrize("secret", ["raw", "pem", "jwk", "empty"])
def test_the_public_key_is_no_shared_secret(house: House, secret: str) -> None:
    key = house.keys.active()
    public_key = key.private_key.public_key()
    keys = {
        "raw": public_key.public_bytes_raw(),
        "pem": public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "jwk": base64url(public_key.public_bytes_raw()).encode(),
        "empty": b"",
    }
    header = part({"alg": "HS256", "typ": "at+jwt", "kid": key.kid})
    signed = f"{header}.{part(house.claims())}"
    mac = hmac.digest(keys[secret], signed.encode(), hashlib.sha256)
    assert (
        refused(house, f"{signed}.{base64url(mac)}")
        == "The token isn't signed in the way expected."
    )


def test_a_foreign_key_is_refused_under_its_own_id_and_under_ours(house: House) -> None:
    foreign = Ed25519PrivateKey.generate()
    for kid in ("foreign", house.keys.active().kid, "'; DROP TABLE access.sessions; --", ""):
        headers = {"kid": kid, "typ": "at+jwt"}
        assert refused(house, jwt.encode(house.claims(), foreign, "EdDSA", headers=headers))


def test_a_key_brought_along_in_the_header_is_not_used(house: House) -> None:
    foreign = Ed25519PrivateKey.generate()
    x = base64url(foreign.public_key().public_bytes_raw())
    headers = {
        "kid": house.keys.active().kid,
        "typ": "at+jwt",
        "jwk": {"kty": "OKP", "crv": "Ed25519", "x": x},
        "jku": "https://evil.example/jwks.json",
    }
    token = jwt.encode(house.claims(), foreign, "EdDSA", headers=headers)
    assert refused(house, token) == "The token's signature is wrong."


def test_changed_claims_are_refused(house: House) -> None:
    header, _, signature = house.issuer.access_token(JOHN).split(".")
    assert refused(house, f"{header}.{part(house.claims(roles=['admin']))}.{signature}")


@pytest.mark.parametrize("claim", ["exp", "iat", "iss", "aud", "sub", "sid", "roles"])
@pytest.mark.parametrize("value", [..., None])
def test_no_claim_may_be_missing(house: House, claim: str, value: object) -> None:
    assert refused(house, house.sign(house.claims(**{claim: value})))


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example"},
        {"iss": ["https://lms.example"]},
        {"aud": "other"},
        {"aud": ["lms", "other"]},
        {"sub": "john"},
        {"sub": 7},
        {"sid": "none"},
        {"roles": ["root"]},
        {"roles": ["system"]},
        {"roles": "admin"},
        {"exp": "tomorrow"},
        {"exp": 1e400},
        {"exp": -1},
        {"exp": 2**80},
        {"exp": True},
        {"iat": float("nan")},
        {"nbf": "now"},
    ],
    ids=str,
)
def test_claims_that_make_no_sense_are_refused(house: House, changes: dict[str, Any]) -> None:
    assert refused(house, house.sign(house.claims(**changes)))


@pytest.mark.parametrize("header", [{"typ": "JWT"}, {"typ": None}, {"kid": None}, {"crit": ["x"]}])
def test_another_kind_of_token_is_refused(house: House, header: dict[str, Any]) -> None:
    assert refused(house, house.sign(house.claims(), **header))


def test_a_token_expires_even_when_it_was_seen_before(house: House) -> None:
    token = house.issuer.access_token(JOHN)
    assert house.verifier.verify(token) == JOHN
    house.clock.advance(seconds=604)
    assert house.verifier.verify(token) == JOHN  # within the leeway
    house.clock.advance(seconds=1)
    with pytest.raises(InvalidToken, match="expired"):
        house.verifier.verify(token)


@pytest.mark.parametrize("claim", ["iat", "nbf"])
def test_a_token_from_the_future_is_refused(house: House, claim: str) -> None:
    now = int(house.clock.timestamp())
    assert house.verifier.verify(house.sign(house.claims(**{claim: now + 5})))
    token = house.sign(house.claims(**{claim: now + 6}))
    assert refused(house, token) == "The token isn't valid yet."


def test_tokens_stay_valid_when_the_key_rotates(house: House) -> None:
    before = house.issuer.access_token(JOHN)
    house.verifier.verify(before)
    house.keys.rotate()
    after = house.issuer.access_token(JOHN)
    house.clock.advance(seconds=2)
    assert house.verifier.verify(before) == house.verifier.verify(after) == JOHN


def test_a_cached_token_dies_with_its_key(house: House, shared_database: Database) -> None:
    token = house.issuer.access_token(JOHN)
    house.verifier.verify(token)
    with psycopg.connect(shared_database.owner_url) as connection:
        connection.execute("DELETE FROM access.signing_keys")
    house.clock.advance(seconds=60)
    assert not house.verifier.knows(token)
    with pytest.raises(InvalidToken, match="unknown key"):
        house.verifier.verify(token)


def test_the_cache_is_bounded(house: House) -> None:
    tokens = [house.sign(house.claims(jti=str(number))) for number in range(5)]
    for token in tokens:
        house.verifier.verify(token)
    assert [house.verifier.knows(token) for token in tokens] == [False, False, True, True, True]


@pytest.mark.parametrize(
    "token", ["", ".", "..", "a.b.c", "é.é.é", "\ud800", "x" * 4097, f"{'x' * 1000}.." * 4]
)
def test_garbage_is_refused(house: House, token: str) -> None:
    assert refused(house, token)


def test_a_deeply_nested_header_is_refused(house: House) -> None:
    nested = base64url(b"[" * 2900)
    assert refused(house, f"{nested}.{nested[:4]}.")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(at=st.integers(0), flip=st.integers(1, 127))
def test_no_single_changed_character_passes(house: House, at: int, flip: int) -> None:
    token = house.issuer.access_token(JOHN)
    at %= len(token)
    with pytest.raises(InvalidToken):
        house.verifier.verify(token[:at] + chr(ord(token[at]) ^ flip) + token[at + 1 :])


def test_a_refusal_quotes_nothing_of_the_token(house: House) -> None:
    token = house.sign(house.claims(sub="a-secret-name", iss="a-secret-issuer"))
    with pytest.raises(InvalidToken) as error:
        house.verifier.verify(token)
    assert "secret" not in f"{error.value!r} {error.value.__cause__!r}"


def test_a_known_token_is_verified_in_less_than_a_tenth_of_a_millisecond(house: House) -> None:
    token = house.issuer.access_token(JOHN)
    house.verifier.verify(token)
    began = time.perf_counter()
    for _ in range(1000):
        house.verifier.verify(token)
    assert (time.perf_counter() - began) / 1000 < 1e-4
