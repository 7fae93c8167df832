"""What is revoked ends within two seconds, in every process, though the token lives on."""

import time
from collections.abc import Callable

import httpx
import pytest

from tests.journey.cast import Cast, Learner
from tests.journey.lms import Json, Lms, Person, body_of, eventually
from tests.provisioning.scim import GROUP, PATCH

WITHIN = 2.0
PAUSE = 0.02


class Holder:
    """Somebody with one access token that is never renewed."""

    def __init__(self, lms: Lms, person: Learner) -> None:
        self._lms = lms
        self.tokens = lms.tokens(person.username, person.password)

    def reads(self) -> httpx.Response:
        """What the read API answers to a query for administrators."""
        return self._lms.http.get("/audit/events?limit=1", headers=self._headers)

    def writes(self) -> httpx.Response:
        """What the write API answers to a command for administrators."""
        path = "/certificates/00000000-0000-4000-8000-000000000000/revoke"
        body = {"reason": "None."}
        return self._lms.http.post(path, json=body, headers=self._headers)

    def logs_out(self) -> None:
        assert self._lms.http.post("/logout", headers=self._headers).status_code == 204

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens['access_token']}"}


@pytest.fixture
def somebody(cast: Cast) -> Learner:
    """An administrator."""
    return cast.somebody("admin")


@pytest.fixture
def holder(lms: Lms, somebody: Learner) -> Holder:
    """A token of `somebody` that both APIs accept."""
    holder = Holder(lms, somebody)
    assert holder.reads().status_code == 200
    assert holder.writes().status_code == 404
    return holder


def seconds_until(ask: Callable[[], httpx.Response], status: int, since: float) -> float:
    while (answer := ask()).status_code != status:
        assert time.monotonic() - since < WITHIN, f"still {answer.status_code}, not {status}"
        time.sleep(PAUSE)
    return time.monotonic() - since


def ends_everywhere(holder: Holder, status: int) -> None:
    since = time.monotonic()
    for ask in (holder.reads, holder.writes):
        assert seconds_until(ask, status, since) < WITHIN


def test_a_revoked_role(admin: Person, somebody: Learner, holder: Holder) -> None:
    roles = {"roles": ["employee"], "reason": "Does something else now."}
    admin.changes("PUT", f"/users/{somebody.id}/roles", roles)
    ends_everywhere(holder, 403)


def test_a_deactivated_account(admin: Person, somebody: Learner, holder: Holder) -> None:
    admin.changes("POST", f"/users/{somebody.id}/deactivate", {"reason": "Left."})
    ends_everywhere(holder, 401)


@pytest.mark.parametrize(
    ("method", "operations"),
    [("PATCH", [{"op": "replace", "path": "active", "value": False}]), ("DELETE", None)],
)
def test_an_account_that_the_directory_took_back(
    admin: Person, somebody: Learner, holder: Holder, method: str, operations: list[Json] | None
) -> None:
    body = {"schemas": [PATCH], "Operations": operations} if operations else None
    answer = admin.sends(method, f"/scim/v2/Users/{somebody.id}", body)
    assert answer.is_success, answer.text
    ends_everywhere(holder, 401)


def test_a_role_that_a_file_took_away(admin: Person, somebody: Learner, holder: Holder) -> None:
    me = somebody.sees("/me")
    file = f"username,email,roles\n{me['username']},{me['email']},employee\n"
    answer = admin.lms.http.post(
        "/users/import",
        content=file,
        headers={"Authorization": f"Bearer {admin.token}", "Content-Type": "text/csv"},
    )
    path = answer.headers["Location"]
    eventually(lambda: admin.sees(path)["state"] == "finished", "the end of the import")
    ends_everywhere(holder, 403)


def test_a_role_of_a_group_that_one_left(admin: Person, cast: Cast, lms: Lms) -> None:
    member = cast.somebody()
    body = {"schemas": [GROUP], "displayName": "Admins", "members": [{"value": member.id}]}
    group = body_of(admin.sends("POST", "/scim/v2/Groups", body), 201)["id"]
    admin.changes("PUT", f"/groups/{group}/roles", {"roles": ["admin"]})
    roles = f"/users/{member.id}"
    eventually(lambda: "admin" in admin.sees(roles)["roles"], "the group's role")
    holder = Holder(lms, member)
    assert holder.reads().status_code == 200
    assert admin.sends("DELETE", f"/scim/v2/Groups/{group}").status_code == 204
    eventually(lambda: "admin" not in admin.sees(roles)["roles"], "no more of it")
    ends_everywhere(holder, 403)


def test_a_session_that_was_logged_out(holder: Holder) -> None:
    holder.logs_out()
    ends_everywhere(holder, 401)


def test_a_session_that_a_new_password_ended(lms: Lms, somebody: Learner, holder: Holder) -> None:
    new = {"old_password": somebody.password, "new_password": "quite another secret 7"}
    somebody.changes("PUT", "/me/password", new)
    ends_everywhere(holder, 401)


def test_a_session_whose_refresh_token_was_stolen(lms: Lms, holder: Holder) -> None:
    used = {"refresh_token": holder.tokens["refresh_token"]}
    assert lms.http.post("/login/refresh", json=used).status_code == 200
    assert lms.http.post("/login/refresh", json=used).status_code == 401
    ends_everywhere(holder, 401)


def test_delegation_of_a_department(cast: Cast, admin: Person) -> None:
    """By what the read models and the log say: at once, whatever the token says."""
    department = admin.creates("/departments", {"name": f"Sales {time.time_ns()}"})
    head, seller = cast.somebody(), cast.somebody(department_id=department)
    seller_id, head_id = seller.id, head.id
    grant = {"roles": ["department_admin"], "departments": [department], "reason": "Leads it."}
    admin.changes("PUT", f"/users/{head_id}/roles", grant)
    head = Learner(cast.lms, head.username, head.password)
    assert [each["id"] for each in head.lists("/users")] == [seller_id]
    head.changes("PATCH", f"/users/{seller_id}", {"job_role": "Seller"})
    assert head.sees(f"/users/{seller_id}")["job_role"] == "Seller"
    head.changes("PATCH", f"/users/{seller_id}", {"job_role": None})
    assert head.sees(f"/users/{seller_id}")["job_role"] is None
    admin.changes("PUT", f"/users/{head_id}/roles", {"roles": ["employee"], "reason": "No more."})
    refused = head.sends("PATCH", f"/users/{seller_id}", {"job_role": "Clerk"})
    assert refused.status_code == 403
