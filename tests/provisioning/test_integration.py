"""A company's directory as it comes in practice: a service account, with no more than it needs."""

from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest

from tests.journey.lms import Person, body_of
from tests.provisioning.scim import ERROR, PATCH, Scim, a_person
from tests.servers.stack import Stack

SCOPES = ["ListScimUsers", "GetScimUser", "ProvisionUser", "ReplaceProvisionedUser"]


@pytest.fixture
def integration(admin: Person, stack: Stack) -> Iterator[Scim]:
    account = {"name": f"Directory {uuid4().hex}", "roles": ["admin"], "scopes": SCOPES}
    client = body_of(admin.sends("POST", "/service-accounts", account), 201)
    with httpx.Client(base_url=stack.url, timeout=60) as http:
        token = http.post(
            "/oauth/token",
            auth=(client["client_id"], client["client_secret"]),
            data={"grant_type": "client_credentials"},
        )
        assert token.status_code == 200, token.text
        yield Scim(http, token.json()["access_token"])


def test_it_brings_people_in_and_finds_them(integration: Scim) -> None:
    user = integration.ok("POST", "/Users", a_person())
    path = f"/Users/{user['id']}"
    integration.patches(path, {"op": "replace", "path": "title", "value": "Welder"})
    found = integration.finds("/Users", filter=f'userName eq "{user["userName"]}"')
    assert [each["title"] for each in found["Resources"]] == ["Welder"]


def test_what_is_not_among_its_scopes_is_refused(integration: Scim, scim: Scim) -> None:
    user, group = scim.a_user(), scim.a_group()
    for method, path, body in (
        ("DELETE", f"/Users/{user['id']}", None),
        ("POST", "/Groups", {"displayName": "Mine"}),
        ("DELETE", f"/Groups/{group['id']}", None),
        ("GET", "/Groups", None),
        ("GET", f"/Groups/{group['id']}", None),
    ):
        integration.refused(403, method, path, body)
    assert scim.ok("GET", f"/Users/{user['id']}")["active"] is True
    assert scim.ok("GET", f"/Groups/{group['id']}")["id"] == group["id"]


@pytest.mark.parametrize("query", ["startIndex=null", "count=null", "startIndex=one"])
def test_a_number_that_is_none_is_refused(scim: Scim, query: str) -> None:
    for path in ("/Users", "/Groups"):
        scim.refused(400, "GET", f"{path}?{query}")


def test_what_gives_power_answers_with_a_challenge(
    scim: Scim, admin: Person, stale_admin: str, stack: Stack
) -> None:
    """RFC 9470: over HTTP, with SCIM's own form of errors."""
    user, group = scim.a_user(), scim.a_group()
    admin.changes("PUT", f"/groups/{group['id']}/roles", {"roles": ["auditor"]})
    joins = {"op": "add", "path": "members", "value": [{"value": user["id"]}]}
    with httpx.Client(base_url=stack.url, timeout=60) as http:
        stale = Scim(http, stale_admin)
        for body, method in (
            ({"schemas": [PATCH], "Operations": [joins]}, "PATCH"),
            ({"displayName": "Mine", "members": [{"value": user["id"]}]}, "PUT"),
        ):
            answer = stale.sends(method, f"/Groups/{group['id']}", body)
            assert answer.status_code == 403
            assert answer.json()["schemas"] == [ERROR]
            challenge = answer.headers["WWW-Authenticate"]
            assert challenge.startswith('Bearer error="insufficient_user_authentication"')
            assert 'max_age="600"' in challenge
    assert "members" not in scim.ok("GET", f"/Groups/{group['id']}")
