"""A directory's people, by SCIM against the running system."""

import pytest

from tests.journey.lms import Person
from tests.provisioning.scim import ENTERPRISE, PATCH, Scim, a_person


def test_who_is_provisioned_can_be_read_at_once(scim: Scim) -> None:
    answer = scim.sends("POST", "/Users", a_person())
    user = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == user["meta"]["location"]
    assert answer.headers["ETag"] == user["meta"]["version"]

    read = scim.sends("GET", f"/Users/{user['id']}")
    assert read.headers["ETag"] == user["meta"]["version"]
    seen = read.json()
    assert seen["name"] == {"formatted": "Jane Doe", "givenName": "Jane", "familyName": "Doe"}
    assert seen[ENTERPRISE] == {"department": "Tools", "employeeNumber": "7"}
    assert seen["roles"] == [{"value": "employee"}]
    (listed,) = scim.finds("/Users", filter=f'userName eq "{user["userName"]}"')["Resources"]
    assert listed["meta"] == seen["meta"]


def test_the_lms_sees_the_same_person(scim: Scim, admin: Person) -> None:
    user = scim.a_user()
    seen = admin.sees(f"/users/{user['id']}")
    assert (seen["username"], seen["full_name"]) == (user["userName"], "Jane Doe")
    assert (seen["department"], seen["job_role"]) == ("Tools", "Engineer")


@pytest.mark.parametrize("kind", ["userName", "email", "externalId"])
def test_names_are_unique_whatever_their_case(scim: Scim, kind: str) -> None:
    first = a_person()
    scim.ok("POST", "/Users", first)
    second = a_person()
    if kind == "userName":
        second["userName"] = first["userName"].upper()
    elif kind == "email":
        second["emails"] = [{"value": first["emails"][0]["value"].upper()}]
    else:
        second["externalId"] = first["externalId"]
    error = scim.refused(409, "POST", "/Users", second)
    assert error["scimType"] == "uniqueness"


def test_external_ids_differ_by_case(scim: Scim) -> None:
    first = scim.a_user()
    scim.a_user(externalId=first["externalId"].swapcase())


def test_a_put_says_all_there_is(scim: Scim) -> None:
    user = scim.a_user()
    said = a_person(userName=user["userName"], externalId=user["externalId"])
    del said["title"], said[ENTERPRISE]
    changed = scim.ok("PUT", f"/Users/{user['id']}", said)
    assert "title" not in changed
    assert ENTERPRISE not in changed
    assert scim.ok("GET", f"/Users/{user['id']}")["emails"] == [
        {"value": said["emails"][0]["value"], "type": "work"}
    ]


def test_a_patch_says_what_changed(scim: Scim) -> None:
    boss, user = scim.a_user(), scim.a_user()
    changed = scim.patches(
        f"/Users/{user['id']}",
        {"op": "replace", "path": "name.familyName", "value": "Roe"},
        {"op": "add", "path": f"{ENTERPRISE}:manager.value", "value": boss["id"]},
        {"op": "remove", "path": "title"},
        {"op": "Replace", "value": {"preferredLanguage": "de"}},
    )
    assert changed["name"] == {"formatted": "Jane Roe", "givenName": "Jane", "familyName": "Roe"}
    assert changed[ENTERPRISE]["manager"]["value"] == boss["id"]
    assert "title" not in changed
    assert changed["preferredLanguage"] == "de"


def test_nobody_reports_to_their_own_report(scim: Scim) -> None:
    boss = scim.a_user()
    user = scim.a_user(**{ENTERPRISE: {"manager": {"value": boss["id"]}}})
    operation = {"op": "add", "path": f"{ENTERPRISE}:manager", "value": {"value": user["id"]}}
    body = {"schemas": [PATCH], "Operations": [operation]}
    error = scim.refused(400, "PATCH", f"/Users/{boss['id']}", body)
    assert error["scimType"] == "invalidValue"


def test_who_is_deactivated_can_still_be_changed(scim: Scim, admin: Person) -> None:
    user = scim.a_user()
    path = f"/Users/{user['id']}"
    off = scim.patches(path, {"op": "replace", "path": "active", "value": False})
    assert off["active"] is False
    assert admin.sees(f"/users/{user['id']}")["active"] is False
    assert scim.patches(path, {"op": "replace", "path": "title", "value": "X"})["title"] == "X"
    assert scim.patches(path, {"op": "replace", "value": {"active": True}})["active"] is True


def test_deletion_keeps_the_account_and_hides_it(scim: Scim, admin: Person) -> None:
    user = scim.a_user()
    assert scim.sends("DELETE", f"/Users/{user['id']}").status_code == 204
    scim.refused(404, "GET", f"/Users/{user['id']}")
    scim.refused(404, "DELETE", f"/Users/{user['id']}")
    found = scim.finds("/Users", filter=f'userName eq "{user["userName"]}"')
    assert found["totalResults"] == 0
    assert admin.sees(f"/users/{user['id']}")["active"] is False


def test_who_comes_back_has_the_same_account(scim: Scim) -> None:
    said = a_person()
    user = scim.ok("POST", "/Users", said)
    scim.sends("DELETE", f"/Users/{user['id']}")
    back = scim.ok("POST", "/Users", said | {"title": "Director"})
    assert back["id"] == user["id"]
    assert (back["active"], back["title"]) == (True, "Director")


def test_somebody_else_may_have_the_name_of_who_was_deleted(scim: Scim) -> None:
    said = a_person()
    user = scim.ok("POST", "/Users", said)
    scim.sends("DELETE", f"/Users/{user['id']}")
    other = scim.ok("POST", "/Users", said | {"externalId": "somebody else"})
    assert other["id"] != user["id"]


def test_a_stale_version_is_refused(scim: Scim) -> None:
    user = scim.a_user()
    path, old = f"/Users/{user['id']}", user["meta"]["version"]
    scim.patches(path, {"op": "replace", "path": "title", "value": "X"}, If_Match=old)
    operation = {"op": "replace", "path": "title", "value": "Y"}
    body = {"schemas": [PATCH], "Operations": [operation]}
    scim.refused(412, "PATCH", path, body, If_Match=old)
    assert scim.sends("GET", path, If_None_Match=old).status_code == 200
    now = scim.sends("GET", path).headers["ETag"]
    assert scim.sends("GET", path, If_None_Match=now).status_code == 304


def test_pages_by_number_and_by_cursor_have_everybody_once(scim: Scim) -> None:
    title = scim.a_user()["userName"]
    users = {scim.a_user(title=title)["id"] for _ in range(5)}
    query = {"filter": f'title eq "{title}"', "count": 2, "sortBy": "userName"}
    numbered: list[str] = []
    for start in (1, 3, 5):
        page = scim.finds("/Users", startIndex=start, **query)
        assert page["totalResults"] == 5
        numbered += [user["id"] for user in page["Resources"]]
    by_cursor: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = scim.finds("/Users", cursor=cursor, **query)
        by_cursor += [user["id"] for user in page["Resources"]]
        cursor = page.get("nextCursor")
    assert numbered == by_cursor
    assert set(numbered) == users


def test_a_search_may_be_posted(scim: Scim) -> None:
    user = scim.a_user()
    search = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
        "filter": f'emails[value eq "{user["emails"][0]["value"].upper()}"]',
        "attributes": ["userName"],
    }
    found = scim.ok("POST", "/Users/.search", search)
    assert [sorted(each) for each in found["Resources"]] == [["id", "schemas", "userName"]]


@pytest.mark.parametrize(
    "garbage",
    [
        "userName eq",
        'userName xx "a"',
        "((((",
        '" or 1=1 --',
        "userName eq 'a'",
        'nothing eq "x"',
        "active gt true",
        'userName eq "a" and',
        'meta.created gt "yesterday"',
        " or ".join(['title eq "x"'] * 200),
        "not " * 500 + "(title pr)",
    ],
)
def test_filters_with_garbage_are_refused(scim: Scim, garbage: str) -> None:
    error = scim.refused(400, "POST", "/Users/.search", {"filter": garbage})
    assert error["scimType"] in {"invalidFilter", "invalidSyntax", "invalidValue"}


def test_bulk_resolves_what_it_creates(scim: Scim) -> None:
    person = a_person()
    group = {"displayName": "New", "members": [{"value": "bulkId:jane"}]}
    answer = scim.ok(
        "POST",
        "/Bulk",
        {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
            "Operations": [
                {"method": "POST", "path": "/Groups", "bulkId": "group", "data": group},
                {"method": "POST", "path": "/Users", "bulkId": "jane", "data": person},
                {"method": "POST", "path": "/Users", "bulkId": "again", "data": person},
            ],
        },
    )
    assert [each["status"] for each in answer["Operations"]] == ["201", "201", "409"]
    id = answer["Operations"][0]["location"].rpartition("/")[2]
    assert len(scim.ok("GET", f"/Groups/{id}")["members"]) == 1


def test_bulk_has_limits(scim: Scim) -> None:
    operation = {"method": "DELETE", "path": "/Users/1"}
    body = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": [operation] * 1_001,
    }
    scim.refused(413, "POST", "/Bulk", body)


def test_others_are_refused_in_scim_s_own_form(scim: Scim, instructor: Person) -> None:
    other = Scim(scim._http, instructor.token)
    nobody = Scim(scim._http, "nonsense")
    for method, path in (("GET", "/Users"), ("POST", "/Users"), ("POST", "/Bulk")):
        nobody.refused(401, method, path, {})
    other.refused(403, "GET", "/Users")
    other.refused(403, "POST", "/Users", a_person())
    other.refused(403, "DELETE", "/Users/1")
    scim.refused(404, "GET", "/Nothing")
    scim.refused(405, "DELETE", "/Users")
    scim.refused(400, "POST", "/Users", {"schemas": []})


def test_what_is_sent_must_make_sense(scim: Scim) -> None:
    for wrong in (
        {"emails": [{"value": "nobody"}]},
        {"userName": ""},
        {"timezone": "Mars/Olympus"},
        {"title": "x" * 1_000},
        {ENTERPRISE: {"manager": {"value": "nobody"}}},
        {"userName": "a\u0000b"},
    ):
        error = scim.refused(400, "POST", "/Users", a_person(**wrong))
        assert error.get("scimType") in {"invalidValue", "invalidSyntax"}
