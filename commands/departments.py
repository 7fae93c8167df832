"""What people and courses have to do with departments."""

from uuid import UUID

from msgspec import UNSET, UnsetType

from commands.work import Work
from domain.errors import Invalid
from domain.identity import organization_id
from domain.organization import Organization

Name = str | UnsetType | None
Id = UUID | UnsetType | None


def the_organization(work: Work) -> Organization:
    """The tree of departments, an empty one when there is none yet."""
    return work.find(Organization, organization_id()) or Organization.found(at=work.now)


def named_and_referred(department: Name, department_id: Id, work: Work) -> tuple[Name, Id]:
    """A department as an event carries it: its name with its id, or a name alone.

    People and courses may have a department that the tree doesn't know, by its name only; so one of
    the two takes the place of the other. `UNSET` for both when neither is given. Raises `Invalid`
    for both at once, and for an id that the tree doesn't have.
    """
    if isinstance(department_id, UUID):
        if department:
            raise Invalid("Give a department or a department_id, not both.", field="department")
        known = the_organization(work).existing(department_id, field="department_id")
        return known.name, department_id
    if department is UNSET and department_id is UNSET:
        return UNSET, UNSET
    return (None if department is UNSET else department), None
