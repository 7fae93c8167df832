"""Who calls: with real tokens and keys."""

from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest
from psycopg_pool import ConnectionPool

from access.actor import Actor
from access.keys import SigningKeys, VerificationKeys
from access.tokens import TokenIssuer, TokenVerifier
from domain.roles import Role
from tests.edge.conftest import served
from tests.edge.shelf import shelf_api
from tests.servers.postgres import Database

ISSUER, AUDIENCE = "https://lms.example", "lms"
JOHN = Actor(uuid4(), frozenset({Role.EMPLOYEE}), uuid4())


@pytest.fixture(scope="module")
def pool(shared_database: Database) -> Iterator[ConnectionPool]:
    with ConnectionPool(shared_database.write_url, min_size=1, open=True) as pool:
        yield pool


@pytest.fixture(scope="module")
def token(pool: ConnectionPool) -> str:
    keys = SigningKeys(pool, bytes(range(32)))
    keys.ensure()
    return TokenIssuer(keys, issuer=ISSUER, audience=AUDIENCE).access_token(JOHN)


@pytest.fixture(scope="module")
def shelf(pool: ConnectionPool) -> Iterator[httpx.Client]:
    verifier = TokenVerifier(VerificationKeys(pool), issuer=ISSUER, audience=AUDIENCE)
    with served(shelf_api(verifier=verifier)) as url, httpx.Client(base_url=url) as client:
        yield client


def test_a_token_says_who_asks(shelf: httpx.Client, token: str) -> None:
    for scheme in ("Bearer", "bearer"):
        headers = {"Authorization": f"{scheme} {token}"}
        assert shelf.get("/books/whoami", headers=headers).json() == {"id": str(JOHN.id)}


@pytest.mark.parametrize("header", [None, "Basic am9objpk", "Bearer", "Token x"])
def test_without_a_token_it_is_401_with_a_challenge(
    shelf: httpx.Client, header: str | None
) -> None:
    answer = shelf.get("/books", headers={} if header is None else {"Authorization": header})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


def test_a_token_that_proves_nothing_is_401(shelf: httpx.Client, token: str) -> None:
    for wrong in ("nonsense", token[:-4] + "AAAA", token.swapcase()):
        answer = shelf.get("/books", headers={"Authorization": f"Bearer {wrong}"})
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
        assert token not in answer.text


def test_two_authorization_headers_are_401(shelf: httpx.Client, token: str) -> None:
    headers = [("Authorization", f"Bearer {token}"), ("Authorization", f"Bearer {token}")]
    assert shelf.get("/books", headers=headers).status_code == 401


def test_only_what_says_so_is_open(shelf: httpx.Client) -> None:
    assert shelf.post("/enter", json={"title": "A"}).status_code == 201
    for path in ("/health/live", "/health/ready", "/openapi.json"):
        assert shelf.get(path).status_code == 200
    assert shelf.post("/books", json={"title": "A"}).status_code == 401
    assert shelf.options("/books").status_code == 204
