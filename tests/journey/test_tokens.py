"""Sessions, second factors, step-up, key rotation and service accounts, as a client sees them."""

import json
import time
from typing import Any
from uuid import uuid4

import httpx
import jwt
import psycopg
import pyotp
import pytest

from tests.journey.cast import Cast, Learner
from tests.journey.lms import Json, Lms, Person, body_of
from tests.journey.stale import stale_token
from tests.journey.test_refusals import problem
from tests.servers.stack import Stack


@pytest.fixture(scope="module")
def stale_admin(stack: Stack, admin: Person) -> dict[str, str]:
    """The headers of an administrator who has logged in an hour ago."""
    return _bearer(stale_token(stack, admin.id))


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _step(lms: Lms, learner: Learner, **given: str) -> httpx.Response:
    """Both steps of a log-in."""
    first = lms.tokens(learner.username, learner.password)
    return lms.http.post("/login/second-factor", json={"challenge": first["challenge"]} | given)


class Device:
    """An authenticator app; it waits for no next code but takes one of the window's others."""

    def __init__(self, secret: str) -> None:
        self._totp = pyotp.TOTP(secret)
        self._step = int(time.time()) // 30 - 2

    def code(self) -> str:
        self._step += 1
        return self._totp.generate_otp(self._step)


@pytest.fixture
def enrolled(learner: Learner) -> tuple[Learner, Device, list[str]]:
    """Somebody with a second factor, their app and their recovery codes."""
    started = learner.sends("POST", "/me/second-factor")
    shown = body_of(started, 200)
    assert started.headers["Cache-Control"] == "no-store"
    device = Device(shown["secret"])
    confirmed = learner.changes("POST", "/me/second-factor/confirm", {"code": device.code()})
    return learner, device, confirmed["recovery_codes"]


def test_one_sees_and_ends_ones_own_sessions(lms: Lms, learner: Learner) -> None:
    lost = lms.tokens(learner.username, learner.password)
    sessions = learner.lists("/me/sessions")
    assert [each["current"] for each in sessions].count(True) == 1
    assert len(sessions) == 2
    for each in sessions:
        assert each["factors"] == ["pwd"]
        assert each["client"]["address"] == "127.0.0.1"
        assert "httpx" in each["client"]["user_agent"]
    other = next(each for each in sessions if not each["current"])
    learner.changes("DELETE", f"/me/sessions/{other['id']}")
    assert [each["current"] for each in learner.lists("/me/sessions")] == [True]
    again = {"refresh_token": lost["refresh_token"]}
    problem(lms.http.post("/login/refresh", json=again), 401, "invalid-refresh-token")
    problem(learner.sends("DELETE", f"/me/sessions/{other['id']}"), 404)


def test_nobody_ends_the_session_of_another(learner: Learner, stranger: Learner) -> None:
    id = learner.lists("/me/sessions")[0]["id"]
    problem(stranger.sends("DELETE", f"/me/sessions/{id}"), 404)
    assert learner.lists("/me/sessions")[0]["id"] == id


def test_all_other_sessions_end_at_once(lms: Lms, admin: Person, learner: Learner) -> None:
    for _ in range(3):
        lms.tokens(learner.username, learner.password)
    assert len(learner.lists("/me/sessions")) == 4
    learner.changes("DELETE", "/me/sessions")
    assert [each["current"] for each in learner.lists("/me/sessions")] == [True]
    id = learner.id
    admin.changes("POST", f"/users/{id}/sessions/end", {"reason": "The laptop was stolen."})
    problem(learner.sends("POST", f"/users/{id}/sessions/end", {}), 403)


def test_a_log_in_in_two_steps(lms: Lms, enrolled: tuple[Learner, Device, list[str]]) -> None:
    learner, device, recovery_codes = enrolled
    first = lms.tokens(learner.username, learner.password)
    assert first.keys() == {"challenge", "expires_in", "second_factor_required"}
    code = device.code()
    tokens = body_of(_step(lms, learner, code=code), 200)
    me = body_of(lms.http.get("/me", headers=_bearer(tokens["access_token"])), 200)
    assert me["username"] == learner.username
    problem(_step(lms, learner, code=code), 401, "invalid-code")
    problem(_step(lms, learner), 422, "invalid")
    assert body_of(_step(lms, learner, recovery_code=recovery_codes[0]), 200)["refresh_token"]
    problem(_step(lms, learner, recovery_code=recovery_codes[0]), 401, "invalid-code")
    state = body_of(lms.http.get("/me/second-factor", headers=_bearer(tokens["access_token"])), 200)
    assert (state["state"], state["recovery_codes_left"]) == ("confirmed", 9)


def test_an_enrolment_is_shown_as_a_qr_code(learner: Learner) -> None:
    shown = body_of(learner.sends("POST", "/me/second-factor"), 200)
    assert shown["otpauth_uri"].startswith("otpauth://totp/LMS:")
    assert shown["secret"] in shown["otpauth_uri"]
    assert shown["qr_svg"].startswith("data:image/svg+xml")
    assert shown["qr_png"].startswith("data:image/png;base64,")
    assert learner.sees("/me/second-factor")["state"] == "pending"
    problem(learner.sends("POST", "/me/second-factor/confirm", {"code": "000000"}), 422)


def test_a_sensitive_command_asks_for_a_step_up(
    lms: Lms, stack: Stack, stale_admin: dict[str, str], learner: Learner
) -> None:
    path, body = f"/users/{learner.id}/roles", {"roles": ["manager"], "reason": "Promoted."}
    refused = lms.http.put(path, json=body, headers=stale_admin)
    problem(refused, 403, "step-up-required")
    challenge = refused.headers["WWW-Authenticate"]
    assert challenge.startswith('Bearer error="insufficient_user_authentication"')
    assert 'max_age="600"' in challenge
    rotate = lms.http.post("/signing-keys/rotate", json={}, headers=stale_admin)
    problem(rotate, 403, "step-up-required")
    tokens = lms.tokens("admin", stack.password)
    proof = {"password": stack.password}
    stepped = lms.http.post("/me/step-up", json=proof, headers=_bearer(tokens["access_token"]))
    fresh = _bearer(body_of(stepped, 200)["access_token"])
    assert body_of(lms.http.put(path, json=body, headers=fresh), 200)["version"]


def test_a_wrong_password_steps_nobody_up(learner: Learner) -> None:
    problem(learner.sends("POST", "/me/step-up", {"password": "nonsense-1"}), 422, "wrong-password")
    problem(learner.sends("POST", "/me/step-up", {}), 422, "invalid")


def test_a_rotation_of_keys_logs_nobody_out(lms: Lms, admin: Person, john: Learner) -> None:
    before = john.token
    rotated = admin.changes("POST", "/signing-keys/rotate", {"reason": "Yearly."})
    after = lms.tokens(john.username, john.password)["access_token"]
    assert jwt.get_unverified_header(after)["kid"] == rotated["kid"]
    for token in (before, after):
        assert lms.http.get("/me", headers=_bearer(token)).status_code == 200
    published = {key["kid"] for key in lms.http.get("/.well-known/jwks.json").json()["keys"]}
    assert {rotated["kid"], jwt.get_unverified_header(before)["kid"]} <= published
    keys = admin.lists("/signing-keys")
    assert [key["kid"] for key in keys if key["retired_at"] is None] == [rotated["kid"]]
    problem(john.asks("/signing-keys"), 403)


@pytest.fixture
def client(admin: Person) -> Json:
    """A service account that may write courses."""
    account = {
        "name": f"Feed {uuid4().hex}",
        "description": "Writes courses.",
        "roles": ["instructor"],
        "scopes": ["CreateCourse", "GetCourse", "ListCourses"],
    }
    return body_of(admin.sends("POST", "/service-accounts", account), 201)


def _token(lms: Lms, client: Json, **form: str) -> httpx.Response:
    basic = (client["client_id"], client["client_secret"])
    return lms.http.post(
        "/oauth/token", data={"grant_type": "client_credentials"} | form, auth=basic
    )


def test_a_service_account_works_in_its_own_name(
    lms: Lms, admin: Person, auditor: Person, client: Json
) -> None:
    answer = _token(lms, client)
    token = body_of(answer, 200)
    assert (answer.headers["Cache-Control"], answer.headers["Pragma"]) == ("no-store", "no-cache")
    assert token["token_type"] == "Bearer"
    assert token["scope"] == "instructor CreateCourse GetCourse ListCourses"
    headers = _bearer(token["access_token"])
    made = lms.http.post("/courses", json={"title": "By a program"}, headers=headers)
    course = body_of(made, 201)
    lms.position = course["position"]
    events = auditor.lists("/audit/events", stream_id=course["id"])
    assert events[0]["actor"]["id"] == client["client_id"]
    assert events[0]["actor"]["name"].startswith("Feed ")
    assert lms.http.get("/courses", headers=headers).status_code == 200
    problem(
        lms.http.post("/feedback", json={"course_id": course["id"], "rating": 5}, headers=headers),
        403,
    )
    problem(lms.http.get("/me", headers=headers), 403)
    shown = admin.sees(f"/service-accounts/{client['client_id']}")
    assert [secret["id"] for secret in shown["secrets"]] == [client["secret_id"]]
    assert shown["secrets"][0]["last_used_at"]
    assert "secret_hash" not in json.dumps(shown)


def test_the_secret_may_stand_in_the_form(lms: Lms, client: Json) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": client["client_id"],
        "client_secret": client["client_secret"],
        "scope": "CreateCourse",
        "unknown": "is ignored",
    }
    assert body_of(lms.http.post("/oauth/token", data=form), 200)["scope"] == (
        "instructor CreateCourse"
    )


FORM = "application/x-www-form-urlencoded"
CREDENTIALS = "grant_type=client_credentials"


@pytest.mark.parametrize(
    ("content", "content_type", "status", "error"),
    [
        ("", FORM, 401, "invalid_client"),
        ("{}", "application/json", 400, "invalid_request"),
        (CREDENTIALS, FORM, 401, "invalid_client"),
        (f"{CREDENTIALS}&client_id=nobody&client_secret=x", FORM, 401, "invalid_client"),
        (f"{CREDENTIALS}&client_id=%00&client_secret=%00", FORM, 401, "invalid_client"),
        (f"{CREDENTIALS}&{CREDENTIALS}", FORM, 400, "invalid_request"),
        ("client_id=a&client_secret=b", FORM, 400, "invalid_request"),
        ("grant_type=password&client_id=a&client_secret=b", FORM, 400, "unsupported_grant_type"),
        ("&".join(f"a{n}=1" for n in range(30)), FORM, 400, "invalid_request"),
        ("grant_type=é", FORM, 400, "invalid_request"),
    ],
)
def test_errors_of_the_token_endpoint_are_those_of_the_standard(
    lms: Lms, content: str, content_type: str, status: int, error: str
) -> None:
    headers = {"Content-Type": content_type}
    with lms.from_address(f"127.0.1.{1 + len(content) % 200}") as elsewhere:
        answer = elsewhere.http.post("/oauth/token", content=content.encode(), headers=headers)
    assert body_of(answer, status)["error"] == error
    assert answer.headers["Content-Type"].startswith("application/json")
    assert answer.headers.get("WWW-Authenticate", "").startswith("Basic") == (status == 401)


def test_a_scope_that_the_account_lacks_is_invalid(lms: Lms, client: Json) -> None:
    assert body_of(_token(lms, client, scope="ChangeRoles"), 400)["error"] == "invalid_scope"


def test_a_secret_is_replaced_without_a_pause(lms: Lms, admin: Person, client: Json) -> None:
    path = f"/service-accounts/{client['client_id']}"
    second = body_of(admin.sends("POST", f"{path}/secrets", {}), 201)
    assert _token(lms, second).status_code == _token(lms, client).status_code == 200
    admin.changes("DELETE", f"{path}/secrets/{client['secret_id']}")
    assert body_of(_token(lms, client), 401)["error"] == "invalid_client"
    assert _token(lms, second).status_code == 200
    admin.changes("POST", f"{path}/disable", {"reason": "Not needed."})
    assert body_of(_token(lms, second), 401)["error"] == "invalid_client"
    admin.changes("POST", f"{path}/enable")
    assert _token(lms, second).status_code == 200


def test_only_administrators_make_service_accounts(cast: Cast, auditor: Person) -> None:
    account = {"name": uuid4().hex, "roles": ["admin"]}
    for person in (cast.somebody("manager"), auditor):
        problem(person.sends("POST", "/service-accounts", account), 403, "forbidden")
    assert auditor.asks("/service-accounts").status_code == 200


def test_no_secret_stands_in_the_log_or_in_a_log_file(
    lms: Lms, stack: Stack, client: Json, enrolled: tuple[Learner, Device, list[str]]
) -> None:
    learner, device, recovery_codes = enrolled
    first = lms.tokens(learner.username, learner.password)
    code = device.code()
    step = {"challenge": first["challenge"], "code": code}
    tokens = body_of(lms.http.post("/login/second-factor", json=step), 200)
    service = body_of(_token(lms, client), 200)
    secrets = [
        client["client_secret"],
        first["challenge"],
        tokens["access_token"],
        tokens["refresh_token"],
        service["access_token"],
        *recovery_codes,
        learner.password,
    ]
    with psycopg.connect(stack.settings.database_url) as owner:
        rows: list[Any] = owner.execute(
            "SELECT string_agg(data::text || metadata::text, ' ') FROM event_store.events"
            " WHERE stream_type IN ('learner', 'second_factor', 'service_account', 'key_ring')"
        ).fetchall()
    places = {"log": str(rows)}
    for path in (stack.settings.data_dir / "logs").glob("*.log"):
        places[path.name] = path.read_text(errors="replace")
    for place, text in places.items():
        assert not [secret for secret in secrets if secret in text], place
