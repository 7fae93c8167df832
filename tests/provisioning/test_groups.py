"""A directory's groups, and the roles that they give."""

from tests.journey.lms import Person, eventually
from tests.provisioning.scim import Scim


def members(group: dict[str, object]) -> set[str]:
    found: list[dict[str, str]] = group.get("members", [])  # type: ignore[assignment]
    return {member["value"] for member in found}


def test_members_come_and_go(scim: Scim) -> None:
    jane, joe = scim.a_user(), scim.a_user()
    group = scim.a_group(jane)
    path = f"/Groups/{group['id']}"
    both = scim.patches(path, {"op": "add", "path": "members", "value": [{"value": joe["id"]}]})
    assert members(both) == {jane["id"], joe["id"]}
    assert scim.ok("GET", f"/Users/{joe['id']}")["groups"][0]["value"] == group["id"]
    found = scim.finds("/Users", filter=f'groups[value eq "{group["id"]}"]')
    assert found["totalResults"] == 2
    one = scim.patches(path, {"op": "remove", "path": f'members[value eq "{jane["id"]}"]'})
    assert members(one) == {joe["id"]}
    scim.sends("DELETE", f"/Users/{joe['id']}")
    assert members(scim.ok("GET", path)) == set()


def test_groups_are_found_by_name_and_member(scim: Scim) -> None:
    jane = scim.a_user()
    group = scim.a_group(jane, externalId="G-7")
    for query in (
        f'displayName eq "{group["displayName"].upper()}"',
        f'members eq "{jane["id"]}"',
        f'externalId eq "G-7" and id eq "{group["id"]}"',
    ):
        found = scim.finds("/Groups", filter=query, excludedAttributes="members")
        assert [each["id"] for each in found["Resources"]] == [group["id"]]
        assert "members" not in found["Resources"][0]


def test_a_group_that_is_deleted_is_gone(scim: Scim) -> None:
    group = scim.a_group()
    assert scim.sends("DELETE", f"/Groups/{group['id']}").status_code == 204
    scim.refused(404, "GET", f"/Groups/{group['id']}")


def test_nobody_unknown_becomes_a_member(scim: Scim) -> None:
    nobody = "11111111-1111-4111-8111-111111111111"
    body = {"displayName": "Ghosts", "members": [{"value": nobody}]}
    assert scim.refused(400, "POST", "/Groups", body)["scimType"] == "invalidValue"


def test_members_hold_the_group_s_roles_as_long_as_they_are_members(
    scim: Scim, admin: Person
) -> None:
    jane, joe = scim.a_user(), scim.a_user()
    group = scim.a_group(jane)
    path = f"/Groups/{group['id']}"

    def holds(user: dict[str, str], *roles: str) -> bool:
        held = admin.sees(f"/users/{user['id']}")["roles"]
        return set(held) == set(roles)

    admin.changes("PUT", f"/groups/{group['id']}/roles", {"roles": ["manager", "auditor"]})
    eventually(lambda: holds(jane, "employee", "manager", "auditor"), "roles of a member")
    scim.patches(path, {"op": "add", "path": "members", "value": [{"value": joe["id"]}]})
    eventually(lambda: holds(joe, "employee", "manager", "auditor"), "roles of a new member")
    admin.changes("PUT", f"/groups/{group['id']}/roles", {"roles": ["manager"]})
    eventually(lambda: holds(joe, "employee", "manager"), "fewer roles")
    scim.sends("DELETE", path)
    eventually(lambda: holds(jane, "employee"), "no roles of a group that is gone")
    eventually(lambda: holds(joe, "employee"), "no roles of a group that is gone")


def test_a_cursor_needs_no_filter(scim: Scim) -> None:
    group = scim.a_group()
    ids: set[str] = set()
    cursor: str | None = ""
    while cursor is not None:
        page = scim.finds("/Groups", cursor=cursor, count=50)
        ids |= {each["id"] for each in page["Resources"]}
        cursor = page.get("nextCursor")
    assert group["id"] in ids
