"""Logging in, staying logged in, logging out; and tokens that nobody here has made."""

import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from uuid import UUID, uuid4

import jwt
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from access.actor import Actor
from access.keys import SigningKeys
from access.tokens import TYPE, TokenIssuer
from domain.roles import Role
from event_store.wrapping import WrappingKeys
from lms.composition import AUDIENCE, open_pool
from tests.journey.cast import NEW_PASSWORD, Learner
from tests.journey.lms import Json, Lms, Person, body_of, eventually
from tests.journey.test_refusals import problem
from tests.servers.stack import Stack

IssuedAt = Callable[[float], str]


@pytest.fixture(scope="module")
def issued_at(stack: Stack, john: Learner) -> Iterator[IssuedAt]:
    """Makes tokens of john's with the system's own key, so many seconds from now."""
    settings = stack.settings
    actor = Actor(UUID(john.id), frozenset({Role.EMPLOYEE}), uuid4())
    with open_pool(settings.write_database_url, 1) as pool:
        keys = SigningKeys(pool, WrappingKeys(pool, settings.master_key))

        def issue(seconds: float) -> str:
            return TokenIssuer(
                keys,
                issuer=settings.public_url,
                audience=AUDIENCE,
                clock=lambda: time.time() + seconds,
            ).access_token(actor)

        yield issue


def test_a_log_in_answers_with_tokens(lms: Lms, stack: Stack) -> None:
    tokens = lms.tokens("john.doe", stack.password)
    assert tokens.keys() == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert tokens["token_type"] == "Bearer"
    assert 0 < tokens["expires_in"] <= 900


def test_one_may_log_in_by_email_and_see_oneself(lms: Lms, stack: Stack) -> None:
    me = lms.person("JOHN.DOE@example.com", stack.password).sees("/me")
    assert (me["username"], me["full_name"], me["roles"]) == ("john.doe", "John Doe", ["employee"])
    assert "password" not in me


def test_tokens_verify_by_the_published_keys(lms: Lms, john: Learner, stack: Stack) -> None:
    keys = jwt.PyJWKSet.from_dict(body_of(lms.http.get("/.well-known/jwks.json"), 200))
    assert not any("d" in each for each in lms.http.get("/.well-known/jwks.json").json()["keys"])
    kid = jwt.get_unverified_header(john.token)["kid"]
    claims = jwt.decode(
        john.token, keys[kid], algorithms=["EdDSA"], audience=AUDIENCE, issuer=stack.url
    )
    assert claims["sub"] == john.id


def test_what_is_wrong_with_a_log_in_isnt_told(lms: Lms, learner: Learner) -> None:
    with lms.from_address("127.0.0.3") as elsewhere:
        answers = [
            elsewhere.http.post("/login", json={"username": name, "password": password})
            for name, password in (
                (learner.username, "wrong-password"),
                (f"nobody-{uuid4().hex}", "wrong-password"),
            )
        ]
    details = {problem(answer, 401, "invalid-credentials")["detail"] for answer in answers}
    assert len(details) == 1
    assert {answer.headers["WWW-Authenticate"] for answer in answers} == {"Bearer"}


def test_guessing_is_slowed_down(lms: Lms, learner: Learner) -> None:
    guess = {"username": learner.username, "password": "a-wrong-guess"}
    with lms.from_address("127.0.0.4") as elsewhere:
        answers = [elsewhere.http.post("/login", json=guess) for _ in range(8)]
        statuses = [answer.status_code for answer in answers]
        assert statuses[:5] == [401] * 5
        assert statuses[-1] == 429
        problem(answers[-1], 429, "too-many-failed-logins")
        assert int(answers[-1].headers["Retry-After"]) >= 1
        right = guess | {"password": learner.password}
        assert elsewhere.http.post("/login", json=right).status_code == 429


def test_a_refresh_token_is_good_once(lms: Lms, learner: Learner) -> None:
    first = lms.tokens(learner.username, learner.password)
    second = _refreshed(lms, first)
    assert second["refresh_token"] != first["refresh_token"]
    assert _me(lms, second["access_token"]) == 200
    third = _refreshed(lms, second)
    reused = {"refresh_token": first["refresh_token"]}
    problem(lms.http.post("/login/refresh", json=reused), 401, "invalid-refresh-token")
    ended = {"refresh_token": third["refresh_token"]}
    problem(lms.http.post("/login/refresh", json=ended), 401, "invalid-refresh-token")


def test_after_a_log_out_nothing_continues_the_session(lms: Lms, learner: Learner) -> None:
    tokens = lms.tokens(learner.username, learner.password)
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    out = lms.http.post("/logout", headers=headers)
    assert (out.status_code, out.content) == (204, b"")
    again = {"refresh_token": tokens["refresh_token"]}
    problem(lms.http.post("/login/refresh", json=again), 401, "invalid-refresh-token")


def test_a_new_password_ends_the_old_ones_sessions(lms: Lms, learner: Learner) -> None:
    before = lms.tokens(learner.username, learner.password)
    change = {"old_password": NEW_PASSWORD, "new_password": "even-newer-than-that"}
    learner.changes("PUT", "/me/password", change)
    again = {"refresh_token": before["refresh_token"]}
    problem(lms.http.post("/login/refresh", json=again), 401, "invalid-refresh-token")
    assert lms.tokens(learner.username, "even-newer-than-that")["access_token"]
    with lms.from_address("127.0.0.5") as elsewhere:
        old = {"username": learner.username, "password": NEW_PASSWORD}
        problem(elsewhere.http.post("/login", json=old), 401, "invalid-credentials")


def test_a_wrong_old_or_a_weak_new_password_changes_nothing(lms: Lms, learner: Learner) -> None:
    wrong = {"old_password": "not-this-one", "new_password": "even-newer-than-that"}
    weak = {"old_password": NEW_PASSWORD, "new_password": "short"}
    assert problem(learner.sends("PUT", "/me/password", wrong), 422, "wrong-password")["errors"]
    assert problem(learner.sends("PUT", "/me/password", weak), 422, "weak-password")["errors"]
    assert lms.tokens(learner.username, NEW_PASSWORD)["access_token"]


def test_a_deactivated_person_cant_log_in_until_reactivated(
    lms: Lms, admin: Person, learner: Learner
) -> None:
    id = learner.id
    tokens = lms.tokens(learner.username, learner.password)
    admin.changes("POST", f"/users/{id}/deactivate", {"reason": "On leave."})
    refresh = {"refresh_token": tokens["refresh_token"]}
    assert lms.http.post("/login/refresh", json=refresh).status_code == 401
    with lms.from_address("127.0.0.6") as elsewhere:
        credentials = {"username": learner.username, "password": learner.password}
        problem(elsewhere.http.post("/login", json=credentials), 401, "invalid-credentials")
    admin.changes("POST", f"/users/{id}/reactivate")
    assert lms.tokens(learner.username, learner.password)["access_token"]


def test_new_roles_come_with_the_next_token(lms: Lms, admin: Person, learner: Learner) -> None:
    tokens = lms.tokens(learner.username, learner.password)
    roles = {"roles": ["employee", "auditor"], "reason": "Joins the audit."}
    admin.changes("PUT", f"/users/{learner.id}/roles", roles)
    again = _refreshed(lms, tokens)
    headers = {"Authorization": f"Bearer {again['access_token']}"}
    assert lms.http.get("/audit/events", headers=headers).status_code == 200


def test_a_token_of_this_system_is_accepted(lms: Lms, issued_at: IssuedAt) -> None:
    """So that the tokens below are refused for the one thing that is wrong with each."""
    assert _me(lms, issued_at(0)) == 200


@pytest.mark.parametrize("seconds", [-3600, 3600], ids=["expired", "of the future"])
def test_a_token_at_another_time_is_refused(lms: Lms, issued_at: IssuedAt, seconds: float) -> None:
    _refused(lms, issued_at(seconds))


def test_a_token_without_a_signature_is_refused(lms: Lms, issued_at: IssuedAt) -> None:
    _header, payload, signature = issued_at(0).split(".")
    kid = jwt.get_unverified_header(issued_at(0))["kid"]
    for algorithm in ("none", "None", "NONE"):
        unsigned = _encoded({"alg": algorithm, "typ": TYPE, "kid": kid})
        _refused(lms, f"{unsigned}.{payload}.")
        _refused(lms, f"{unsigned}.{payload}.{signature}")


def test_a_token_signed_by_someone_else_is_refused(lms: Lms, issued_at: IssuedAt) -> None:
    token = issued_at(0)
    claims = jwt.decode(token, options={"verify_signature": False})
    kid = jwt.get_unverified_header(token)["kid"]
    foreign = Ed25519PrivateKey.generate()
    for known_as in (kid, "another-key"):
        headers = {"kid": known_as, "typ": TYPE}
        _refused(lms, jwt.encode(claims, foreign, "EdDSA", headers=headers))
    public = lms.http.get("/.well-known/jwks.json").json()["keys"][0]["x"]
    by_public_key = jwt.encode(claims, public.ljust(64), "HS256", headers={"kid": kid, "typ": TYPE})
    _refused(lms, by_public_key)


def test_a_token_whose_claims_were_changed_is_refused(lms: Lms, issued_at: IssuedAt) -> None:
    header, _, signature = issued_at(0).split(".")
    claims: Json = jwt.decode(issued_at(0), options={"verify_signature": False})
    _refused(lms, f"{header}.{_encoded(claims | {'roles': ['admin']})}.{signature}")


@pytest.mark.parametrize("header", ["", "Bearer", "Basic am9objpkb2U=", "Bearer a.b.c", "Bearer é"])
def test_what_is_no_token_is_refused(lms: Lms, header: str) -> None:
    answer = lms.http.get("/me", headers={b"Authorization": header.encode()})
    problem(answer, 401, "not-authenticated")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_what_is_no_token_is_counted_for_the_audit(lms: Lms, auditor: Person) -> None:
    """By both APIs, the one that can't write too."""

    def counted() -> int:
        events = auditor.lists("/audit/events", type="refused_access.counted", limit=100)
        said = [each["data"] for each in events if each["data"]["act"] == "access-token"]
        return sum(each["number"] for each in said)

    before = counted()
    headers = {"Authorization": "Bearer nonsense"}
    with lms.from_address("127.0.0.19") as other:
        for _ in range(3):
            other.http.get("/me", headers=headers)
    eventually(lambda: counted() >= before + 3, "refusals of the read API", deadline=40)


def _refreshed(lms: Lms, tokens: Json) -> Json:
    token = {"refresh_token": tokens["refresh_token"]}
    return body_of(lms.http.post("/login/refresh", json=token), 200)


def _me(lms: Lms, token: str) -> int:
    return lms.http.get("/me", headers={"Authorization": f"Bearer {token}"}).status_code


def _refused(lms: Lms, token: str) -> None:
    """By both APIs."""
    headers = {"Authorization": f"Bearer {token}"}
    problem(lms.http.get("/me", headers=headers), 401, "not-authenticated")
    problem(lms.http.post("/courses", json={}, headers=headers), 401, "not-authenticated")


def _encoded(part: Json) -> str:
    return urlsafe_b64encode(msgspec.json.encode(part)).rstrip(b"=").decode()
