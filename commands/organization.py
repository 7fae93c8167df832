"""The tree of departments."""

from uuid import UUID

from access.placements import IS_USED, added_statement, removed_statement
from commands.departments import the_organization
from commands.message import Command, handles
from commands.work import Work
from domain.identity import organization_id
from domain.organization import DepartmentNotFound, Organization


class AddDepartment(Command, frozen=True):
    """Without a parent it is one at the top."""

    name: str
    parent_id: UUID | None = None


class RenameDepartment(Command, frozen=True):
    department_id: UUID
    name: str


class MoveDepartment(Command, frozen=True):
    department_id: UUID
    parent_id: UUID | None


class RemoveDepartment(Command, frozen=True):
    department_id: UUID


@handles(AddDepartment)
def add_department(command: AddDepartment, work: Work) -> Organization:
    work.permit_in(command.parent_id)
    organization = the_organization(work)
    department_id = work.new_part()
    organization.add(
        department_id=department_id, name=command.name, parent_id=command.parent_id, at=work.now
    )
    work.execute_too(*added_statement(department_id))
    return organization


@handles(RenameDepartment)
def rename_department(command: RenameDepartment, work: Work) -> Organization:
    organization = _with(command.department_id, work)
    organization.rename(department_id=command.department_id, name=command.name, at=work.now)
    return organization


@handles(MoveDepartment)
def move_department(command: MoveDepartment, work: Work) -> Organization:
    organization = _with(command.department_id, work, command.parent_id)
    organization.move(department_id=command.department_id, parent_id=command.parent_id, at=work.now)
    return organization


@handles(RemoveDepartment)
def remove_department(command: RemoveDepartment, work: Work) -> Organization:
    organization = _with(command.department_id, work)
    is_used = work.says(IS_USED, (command.department_id,))
    organization.remove(department_id=command.department_id, is_used=is_used, at=work.now)
    work.execute_too(*removed_statement(command.department_id))
    return organization


def _with(department_id: UUID, work: Work, *others: UUID | None) -> Organization:
    """The organization, for a change of one of its departments.

    A department admin changes what is below the departments to look after, not these themselves.
    """
    if work.find(Organization, organization_id()) is None:
        work.permit_in(None)
        raise DepartmentNotFound("There is no such department.")
    organization = work.get(Organization, organization_id())
    known = organization.departments.get(department_id)
    work.permit_in(known.parent_id if known else None, *others)
    work.about(department_id)
    return organization
