"""The resources of our SCIM service: the part of RFC 7643's users and groups that is kept here.

What a client sends beyond that is passed over, as its directory knows more than we need.
"""

from typing import Annotated, Any, ClassVar, Final, TypeAlias
from zoneinfo import available_timezones

from pydantic import Field
from scim2_models import (
    URN,
    AnyExtension,
    CaseExact,
    ComplexAttribute,
    Extension,
    Mutability,
    Reference,
    Required,
    Resource,
    Returned,
    Uniqueness,
)

USER_SCHEMA: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE_SCHEMA: Final = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GROUP_SCHEMA: Final = "urn:ietf:params:scim:schemas:core:2.0:Group"


LANGUAGES: Final = ("en", "de", "es", "fr", "it", "ja", "nl", "pl", "pt", "zh")
"""The ones that are suggested; any tag of BCP 47 will do."""

UserReference: TypeAlias = Reference["User"]  # type: ignore[type-arg]


class Name(ComplexAttribute):
    """The person's name; `formatted` is the one shown, made of the others when it isn't given."""

    formatted: str | None = None
    family_name: str | None = None
    given_name: str | None = None


class Email(ComplexAttribute):
    """The one address: the primary one, or else the first that is sent."""

    value: Annotated[str | None, Required.true] = None
    type: str | None = Field(None, examples=["work"])
    primary: bool | None = None


class Membership(ComplexAttribute):
    """A group that the person is in. It changes by changing the group."""

    value: Annotated[str | None, Mutability.read_only, CaseExact.true] = None
    ref: Annotated[Reference["Group"] | None, Mutability.read_only] = Field(
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    display: Annotated[str | None, Mutability.read_only] = None


class HeldRole(ComplexAttribute):
    """A role in the LMS, granted there or by a group's mapping."""

    value: Annotated[str | None, Mutability.read_only] = None


class User(Resource[AnyExtension]):
    """Somebody with an account."""

    __schema__ = URN(USER_SCHEMA)

    external_id: Annotated[str | None, CaseExact.true, Uniqueness.server] = None
    user_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    name: Name | None = None
    Name: ClassVar[type[ComplexAttribute]] = Name
    display_name: str | None = None
    title: str | None = None
    preferred_language: str | None = Field(None, examples=list(LANGUAGES))
    timezone: str | None = Field(None, examples=sorted(available_timezones()))
    active: bool | None = None
    emails: Annotated[list[Email] | None, Required.true] = None
    Emails: ClassVar[type[ComplexAttribute]] = Email
    groups: Annotated[list[Membership] | None, Mutability.read_only] = None
    Groups: ClassVar[type[ComplexAttribute]] = Membership
    roles: Annotated[list[HeldRole] | None, Mutability.read_only] = None
    Roles: ClassVar[type[ComplexAttribute]] = HeldRole


class Manager(ComplexAttribute):
    """Whom the person reports to."""

    value: Annotated[str | None, Required.true, CaseExact.true] = None
    ref: UserReference | None = Field(None, serialization_alias="$ref", validation_alias="$ref")


class EnterpriseUser(Extension):
    """Where in the company the person works."""

    __schema__ = URN(ENTERPRISE_SCHEMA)

    employee_number: str | None = None
    department: str | None = None
    manager: Manager | None = None


class Member(ComplexAttribute):
    """A person in a group."""

    value: Annotated[str | None, Mutability.immutable, CaseExact.true, Required.true] = None
    ref: Annotated[UserReference | None, Mutability.immutable] = Field(
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    type: Annotated[str | None, Mutability.immutable] = Field(None, examples=["User"])
    display: Annotated[str | None, Mutability.read_only] = None


class Group(Resource[Any]):
    """People who belong together in the directory."""

    __schema__ = URN(GROUP_SCHEMA)

    display_name: Annotated[str | None, Required.true] = None
    members: Annotated[list[Member] | None, Returned.default] = None
    Members: ClassVar[type[ComplexAttribute]] = Member
