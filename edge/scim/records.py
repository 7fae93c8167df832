"""Users and groups as both APIs have them in hand, and the JSON that SCIM makes of them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

import msgspec

from edge.scim.models import ENTERPRISE_SCHEMA, GROUP_SCHEMA, USER_SCHEMA

Json = dict[str, Any]


class UserRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody with an account.

    Each of `groups` has `id` and `display_name`; None where they aren't known: on the write side.
    """

    id: UUID
    external_id: str | None
    username: str
    email: str
    full_name: str
    given_name: str | None
    family_name: str | None
    employee_number: str | None
    language: str
    time_zone: str
    department: str | None
    job_role: str | None
    manager_id: UUID | None
    active: bool
    roles: Sequence[str]
    created_at: datetime
    updated_at: datetime
    groups: Sequence[Mapping[str, str]] | None = None

    def __repr__(self) -> str:
        return f"UserRecord(id={self.id!r})"

    @property
    def etag(self) -> str:
        """The same on both sides, and no other after a log-in: it is made of what SCIM shows."""
        shown = (
            self.external_id,
            self.username,
            self.email,
            self.full_name,
            self.given_name,
            self.family_name,
            self.employee_number,
            self.language,
            self.time_zone,
            self.department,
            self.job_role,
            self.manager_id,
            self.active,
        )
        return weak_tag(shown)


class GroupRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A group; `members` is None when they weren't asked for."""

    id: UUID
    external_id: str | None
    display_name: str
    version: int
    created_at: datetime
    updated_at: datetime
    members: Sequence[UUID] | None = None

    @property
    def etag(self) -> str:
        return f'W/"{self.version}"'


def weak_tag(shown: object) -> str:
    """An entity tag of values that are equal only when what is shown is."""
    return f'W/"{blake2b(msgspec.json.encode(shown), digest_size=12).hexdigest()}"'


def user_json(user: UserRecord, base_url: str) -> Json:
    """The whole resource, without what has no value."""
    enterprise = _enterprise(user, base_url)
    return {
        "schemas": [USER_SCHEMA, *([ENTERPRISE_SCHEMA] if enterprise else [])],
        "id": str(user.id),
        **_given("externalId", user.external_id),
        "meta": _meta(
            "User", f"{base_url}/Users/{user.id}", user.created_at, user.updated_at, user.etag
        ),
        "userName": user.username,
        "name": {
            "formatted": user.full_name,
            **_given("familyName", user.family_name),
            **_given("givenName", user.given_name),
        },
        "displayName": user.full_name,
        **_given("title", user.job_role),
        "preferredLanguage": user.language,
        "timezone": user.time_zone,
        "active": user.active,
        "emails": [{"value": user.email, "type": "work"}],
        **_given("groups", _memberships(user.groups or (), base_url)),
        **_given("roles", [{"value": role} for role in user.roles]),
        **_given(ENTERPRISE_SCHEMA, enterprise),
    }


def group_json(group: GroupRecord, base_url: str) -> Json:
    """The whole resource, without what has no value."""
    members = [
        {"value": str(id), "$ref": f"{base_url}/Users/{id}", "type": "User"}
        for id in group.members or ()
    ]
    return {
        "schemas": [GROUP_SCHEMA],
        "id": str(group.id),
        **_given("externalId", group.external_id),
        "meta": _meta(
            "Group", f"{base_url}/Groups/{group.id}", group.created_at, group.updated_at, group.etag
        ),
        "displayName": group.display_name,
        **_given("members", members),
    }


def _enterprise(user: UserRecord, base_url: str) -> Json:
    manager = user.manager_id and {
        "value": str(user.manager_id),
        "$ref": f"{base_url}/Users/{user.manager_id}",
    }
    return {
        **_given("employeeNumber", user.employee_number),
        **_given("department", user.department),
        **_given("manager", manager),
    }


def _memberships(groups: Iterable[Mapping[str, str]], base_url: str) -> list[Json]:
    return [
        {
            "value": group["id"],
            "$ref": f"{base_url}/Groups/{group['id']}",
            "display": group["display_name"],
        }
        for group in groups
    ]


def _meta(kind: str, location: str, created: datetime, modified: datetime, version: str) -> Json:
    return {
        "resourceType": kind,
        "created": _instant(created),
        "lastModified": _instant(modified),
        "location": location,
        "version": version,
    }


def _instant(at: datetime) -> str:
    """In the form that the library has too, so that a list says what each of it says by itself."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _given(name: str, value: object) -> Json:
    return {name: value} if value else {}
