"""`/Me`: the one who asks, as a user of SCIM (RFC 7644, 3.11)."""

from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest

from tests.journey.lms import Lms, Person, body_of
from tests.provisioning.scim import PATCH, USER, Scim
from tests.servers.stack import Stack

TITLE = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "title", "value": "Boss"}]}


@pytest.fixture
def john(lms: Lms, stack: Stack) -> Iterator[Scim]:
    """A learner of the seeds."""
    person = lms.person("john.doe", stack.password)
    with httpx.Client(base_url=stack.url, timeout=60) as http:
        yield Scim(http, person.token)


@pytest.fixture
def ada(admin: Person, stack: Stack) -> Iterator[Scim]:
    """Somebody new who may provision users."""
    name = f"admin-{uuid4().hex}"
    said = {"username": name, "email": f"{name}@example.com", "full_name": "Ada Min"}
    account = said | {"roles": ["admin"], "password": "correct-horse-battery-1"}
    admin.creates("/users", account)
    token = admin.lms.tokens(name, "correct-horse-battery-1")["access_token"]
    with httpx.Client(base_url=stack.url, timeout=60) as http:
        yield Scim(http, token)


def test_everybody_finds_themselves(john: Scim, scim: Scim) -> None:
    answer = john.sends("GET", "/Me")
    assert answer.status_code == 200
    me = answer.json()
    assert me["userName"] == "john.doe"
    assert answer.headers["Location"] == me["meta"]["location"]
    assert answer.headers["Location"].endswith(f"/scim/v2/Users/{me['id']}")
    assert scim.ok("GET", f"/Users/{me['id']}") == me
    assert john.ok("GET", "/Me?attributes=userName").keys() == {"schemas", "id", "userName"}


def test_nobody_gets_power_by_asking_for_oneself(john: Scim) -> None:
    me = john.ok("GET", "/Me")
    john.refused(403, "PATCH", "/Me", TITLE)
    john.refused(403, "PUT", "/Me", me | {"title": "Boss"})
    john.refused(403, "GET", f"/Users/{me['id']}")
    assert john.ok("GET", "/Me") == me


def test_who_may_change_anybody_may_change_themselves(ada: Scim) -> None:
    id = ada.ok("GET", "/Me")["id"]
    answer = ada.sends("PATCH", "/Me", TITLE)
    assert (answer.status_code, answer.headers["Location"][-36:]) == (204, id)
    me = ada.ok("GET", "/Me")
    assert me["title"] == "Boss"
    said = {"schemas": [USER], **{name: me[name] for name in ("userName", "emails", "name")}}
    replaced = ada.sends("PUT", "/Me", said)
    assert (replaced.status_code, replaced.headers["Location"][-36:]) == (200, id)
    assert "title" not in ada.ok("GET", "/Me")


def test_a_service_account_is_no_user(admin: Person, stack: Stack) -> None:
    scopes = ["GetScimMe", "ReplaceProvisionedUser"]
    account = {"name": f"Directory {uuid4().hex}", "roles": ["admin"], "scopes": scopes}
    client = body_of(admin.sends("POST", "/service-accounts", account), 201)
    with httpx.Client(base_url=stack.url, timeout=60) as http:
        token = http.post(
            "/oauth/token",
            auth=(client["client_id"], client["client_secret"]),
            data={"grant_type": "client_credentials"},
        ).json()["access_token"]
        program = Scim(http, token)
        program.refused(404, "GET", "/Me")
        program.refused(404, "PATCH", "/Me", TITLE)


def test_nobody_makes_or_deletes_themselves(scim: Scim) -> None:
    for method in ("POST", "DELETE"):
        assert scim.sends(method, "/Me", {} if method == "POST" else None).status_code == 405
