"""Where the attributes of SCIM stand in the read models."""

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final

import msgspec

from edge.scim.models import ENTERPRISE_SCHEMA, GROUP_SCHEMA, USER_SCHEMA


class Kind(Enum):
    """How a value is compared."""

    FOLDED = auto()
    """A column that holds `folded` texts: case, width and form of a letter make no difference."""
    EXACT = auto()
    ID = auto()
    SWITCH = auto()
    INSTANT = auto()


class Column(msgspec.Struct, frozen=True):
    """One value of each row; `sql` has no parameters. `required`: it is never null."""

    kind: Kind
    sql: str
    required: bool = False


class Many(msgspec.Struct, frozen=True):
    """Any number of values of each row: `source` is a FROM clause with its join to the row."""

    source: str
    columns: Mapping[str, Column]


class Layout(msgspec.Struct, frozen=True):
    """The attributes of one type of resource; names are those of the library's URNs."""

    table: str
    shown: str
    columns: Mapping[str, Column]
    many: Mapping[str, Many]


def _folded(name: str, *, required: bool = False) -> Column:
    return Column(Kind.FOLDED, f"item.{name}_key", required)


_COMMON: Final = {
    "id": Column(Kind.ID, "item.id", required=True),
    "externalId": Column(Kind.EXACT, "item.external_id"),
    "meta.created": Column(Kind.INSTANT, "item.created_at", required=True),
    "meta.lastModified": Column(Kind.INSTANT, "item.updated_at", required=True),
}

_USER: Final[dict[str, Column]] = {
    **_COMMON,
    "meta.resourceType": Column(Kind.EXACT, "'User'", required=True),
    "userName": _folded("username", required=True),
    "name.formatted": _folded("full_name", required=True),
    "name.familyName": _folded("family_name"),
    "name.givenName": _folded("given_name"),
    "displayName": _folded("full_name", required=True),
    "title": _folded("job_role"),
    "preferredLanguage": _folded("language", required=True),
    "timezone": _folded("time_zone", required=True),
    "active": Column(Kind.SWITCH, "item.active", required=True),
    "emails.value": _folded("email", required=True),
    "emails.type": Column(Kind.FOLDED, "'work'", required=True),
    "emails.primary": Column(Kind.SWITCH, "true", required=True),
}

_ENTERPRISE: Final = {
    "employeeNumber": _folded("employee_number"),
    "department": _folded("department"),
    "manager.value": Column(Kind.ID, "item.manager_id"),
}

_USER_MANY: Final = {
    "groups": Many(
        "read_models.scim_group_member AS member"
        " JOIN read_models.scim_group AS part ON part.id = member.group_id"
        " WHERE member.learner_id = item.id",
        {
            "value": Column(Kind.ID, "part.id", required=True),
            "display": Column(Kind.FOLDED, "part.display_name_key", required=True),
        },
    ),
    "roles": Many(
        "unnest(item.roles) AS part (role) WHERE true",
        {"value": Column(Kind.FOLDED, "part.role", required=True)},
    ),
}

_GROUP_MANY: Final = {
    "members": Many(
        "read_models.scim_group_member AS member"
        " JOIN read_models.scim_user AS part ON part.id = member.learner_id"
        " AND NOT part.deprovisioned WHERE member.group_id = item.id",
        {
            "value": Column(Kind.ID, "part.id", required=True),
            "type": Column(Kind.FOLDED, "'user'", required=True),
        },
    )
}

USERS: Final = Layout(
    "read_models.scim_user",
    "NOT item.deprovisioned",
    {
        **{f"{USER_SCHEMA}:{name}": column for name, column in _USER.items()},
        **{f"{ENTERPRISE_SCHEMA}:{name}": column for name, column in _ENTERPRISE.items()},
    },
    {f"{USER_SCHEMA}:{name}": many for name, many in _USER_MANY.items()},
)

GROUPS: Final = Layout(
    "read_models.scim_group",
    "true",
    {
        f"{GROUP_SCHEMA}:{name}": column
        for name, column in {
            **_COMMON,
            "meta.resourceType": Column(Kind.EXACT, "'Group'", required=True),
            "displayName": _folded("display_name", required=True),
        }.items()
    },
    {f"{GROUP_SCHEMA}:{name}": many for name, many in _GROUP_MANY.items()},
)
