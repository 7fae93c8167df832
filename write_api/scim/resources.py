"""What a SCIM client says of users and groups, as commands, and what it is answered."""

from typing import Any, Final, cast
from uuid import UUID

from scim2_models import InvalidValueException, Resource

from commands.group import CreateGroup, ReplaceGroup
from commands.provisioning import ProvisionUser, ReplaceProvisionedUser
from domain.group import Group as GroupStream
from domain.learner import Learner
from edge.scim.models import EnterpriseUser, Group, User
from edge.scim.records import GroupRecord, UserRecord

LANGUAGE: Final = "en"
TIME_ZONE: Final = "UTC"

FIELDS: Final = {
    "username": "userName",
    "email": "emails",
    "full_name": "name",
    "given_name": "name.givenName",
    "family_name": "name.familyName",
    "external_id": "externalId",
    "employee_number": "employeeNumber",
    "language": "preferredLanguage",
    "time_zone": "timezone",
    "department": "department",
    "job_role": "title",
    "manager_id": "manager",
}
"""What a command's fields are called in SCIM."""


def provision_command(resource: Resource[Any]) -> ProvisionUser:
    """Somebody new."""
    return ProvisionUser(**_said(cast("User[EnterpriseUser]", resource)))


def replace_command(
    learner_id: UUID, resource: Resource[Any], before: Learner
) -> ReplaceProvisionedUser:
    """All that is said of somebody now, where a name that was changed counts."""
    said = _said(cast("User[EnterpriseUser]", resource), before)
    return ReplaceProvisionedUser(learner_id=learner_id, **said)


def create_group_command(resource: Resource[Any]) -> CreateGroup:
    group = cast("Group", resource)
    return CreateGroup(
        display_name=group.display_name or "",
        external_id=group.external_id,
        members=_members(group),
    )


def replace_group_command(group_id: UUID, resource: Resource[Any]) -> ReplaceGroup:
    group = cast("Group", resource)
    return ReplaceGroup(
        group_id=group_id,
        display_name=group.display_name or "",
        external_id=group.external_id,
        members=_members(group),
    )


def user_record(learner: Learner) -> UserRecord:
    """A person as the log has them."""
    return UserRecord(
        id=learner.id,
        external_id=learner.external_id,
        username=learner.username,
        email=learner.email,
        full_name=learner.full_name,
        given_name=learner.given_name,
        family_name=learner.family_name,
        employee_number=learner.employee_number,
        language=learner.language,
        time_zone=learner.time_zone,
        department=learner.department,
        job_role=learner.job_role,
        manager_id=learner.manager_id,
        active=learner.active,
        roles=learner.roles,
        created_at=learner.created_on,
        updated_at=learner.modified_on,
    )


def group_record(group: GroupStream) -> GroupRecord:
    """A group as the log has it."""
    return GroupRecord(
        id=group.id,
        external_id=group.external_id,
        display_name=group.display_name,
        version=group.version,
        created_at=group.created_on,
        updated_at=group.modified_on,
        members=sorted(group.members),
    )


def _said(user: "User[EnterpriseUser]", before: Learner | None = None) -> dict[str, Any]:
    work = cast("EnterpriseUser | None", getattr(user, "EnterpriseUser", None))
    return {
        "username": user.user_name or "",
        "email": _email(user),
        "full_name": _full_name(user, before),
        "given_name": user.name.given_name if user.name else None,
        "family_name": user.name.family_name if user.name else None,
        "external_id": user.external_id,
        "employee_number": work.employee_number if work else None,
        "language": user.preferred_language or LANGUAGE,
        "time_zone": user.timezone or TIME_ZONE,
        "department": work.department if work else None,
        "job_role": user.title,
        "manager_id": _manager(work),
        "active": user.active is not False,
    }


def _full_name(user: "User[EnterpriseUser]", before: Learner | None) -> str:
    """The name in one piece. Directories send it in several forms and keep changing only one:
    the form that was changed counts, then the formatted name, then the one to display."""
    name = user.name
    parts = " ".join(filter(None, (name.given_name, name.family_name))) if name else ""
    formatted = (name.formatted if name else None) or ""
    shown = user.display_name or ""
    if before is not None:
        was = " ".join(filter(None, (before.given_name, before.family_name)))
        for now, then in ((formatted, before.full_name), (shown, before.full_name), (parts, was)):
            if now and now != then:
                return now
    return formatted or shown or parts or user.user_name or ""


def _manager(work: EnterpriseUser | None) -> UUID | None:
    manager = work.manager if work else None
    if manager is None:
        return None
    id = manager.value or str(manager.ref or "").rpartition("/")[2]
    return _id(id, "manager") if id else None


def _email(user: "User[EnterpriseUser]") -> str:
    emails = [email for email in user.emails or () if email.value]
    chosen = next((email for email in emails if email.primary), next(iter(emails), None))
    return chosen.value or "" if chosen else ""


def _members(group: Group) -> list[UUID]:
    return [_id(member.value, "members") for member in group.members or () if member.value]


def _id(text: str, attribute: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        detail = f"{attribute}: {text!r} is nobody's id."
        raise InvalidValueException(detail=detail) from None
