"""People as the company's directory says: brought in, changed as a whole, and taken out."""

from typing import Final
from uuid import UUID

import msgspec

from access.memberships import returned_statement
from access.placements import Kind, placed_statement
from access.sessions import end_all_statement
from commands.group import leave_all_groups
from commands.learner import reporting_line
from commands.message import Command, handles
from commands.names import claim_name
from commands.standing import note_standing
from commands.work import Work
from domain.directory_entry import DirectoryEntry
from domain.errors import NotFound
from domain.identity import canonical, exact, unique_name_id
from domain.learner import Learner
from domain.roles import Role
from domain.unique_name import NameTaken, UniqueName

KINDS: Final = ("username", "email", "external_id")
"""What no two people have in common."""


class DirectoryCommand(Command, frozen=True):
    """What the directory says of somebody."""

    username: str
    email: str
    full_name: str
    given_name: str | None = None
    family_name: str | None = None
    external_id: str | None = None
    employee_number: str | None = None
    language: str = "en"
    time_zone: str = "UTC"
    department: str | None = None
    job_role: str | None = None
    manager_id: UUID | None = None
    active: bool = True

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class ProvisionUser(DirectoryCommand, frozen=True):
    """Somebody new in the directory, or back in it."""


class ReplaceProvisionedUser(DirectoryCommand, frozen=True, kw_only=True):
    """All that the directory says now of somebody it has."""

    learner_id: UUID


class DeprovisionUser(Command, frozen=True):
    """Somebody whom the directory has no more."""

    learner_id: UUID


@handles(ProvisionUser)
def provision_user(command: ProvisionUser, work: Work) -> Learner:
    work.permit_anyone()
    entry = entry_of(command)
    learner = _returning(entry, work)
    if learner is None:
        learner = register(work.new_id(), entry, work)
        former_department = None
    else:
        former_department = _placement(learner)
        _follow(learner, entry, work)
        _reactivate(learner, work)
    if not command.active:
        _deactivate(learner, work)
    _place(learner, former_department, work)
    return learner


@handles(ReplaceProvisionedUser)
def replace_provisioned_user(command: ReplaceProvisionedUser, work: Work) -> Learner:
    work.permit_anyone()
    learner = _provisioned(command.learner_id, work)
    former_department = _placement(learner)
    _follow(learner, entry_of(command), work)
    if command.active and not learner.active:
        _reactivate(learner, work)
    if not command.active:
        _deactivate(learner, work)
    _place(learner, former_department, work)
    return learner


@handles(DeprovisionUser)
def deprovision_user(command: DeprovisionUser, work: Work) -> Learner:
    work.permit_anyone()
    learner = _provisioned(command.learner_id, work)
    former_department = _placement(learner)
    learner.deprovision(at=work.now)
    work.execute_too(*end_all_statement(learner.id, work.now, "deactivated"))
    note_standing(learner, work)
    _place(learner, former_department, work)
    leave_all_groups(learner.id, work)
    return learner


def entry_of(command: DirectoryCommand) -> DirectoryEntry:
    """What the command says about the person."""
    return DirectoryEntry(
        **{name: getattr(command, name) for name in DirectoryEntry.__struct_fields__}
    )


def name_key(kind: str, name: str) -> str:
    """The form of a name that is unique; external ids differ by case, other names don't."""
    return exact(name) if kind == "external_id" else canonical(name)


def register(id: UUID, entry: DirectoryEntry, work: Work) -> Learner:
    """A new account, with its names claimed."""
    if entry.manager_id is not None:
        work.existing(Learner, entry.manager_id, field="manager_id")
    entry, department_id = _with_department(entry, (None, None), work)
    learner = Learner.register(
        id=id,
        username=entry.username,
        email=entry.email,
        full_name=entry.full_name,
        roles=[Role.EMPLOYEE],
        language=entry.language,
        time_zone=entry.time_zone,
        department=entry.department,
        department_id=department_id,
        job_role=entry.job_role,
        manager_id=entry.manager_id,
        at=work.now,
    )
    learner.provision(entry, department_id=department_id, at=work.now)
    for kind in KINDS:
        if name := getattr(learner, kind):
            work.save_too(_taken(kind, name, learner.id, work))
    return learner


def _provisioned(learner_id: UUID, work: Work) -> Learner:
    learner = work.get(Learner, learner_id)
    if learner.deprovisioned:
        raise NotFound("There is no such learner.")
    return learner


def _follow(learner: Learner, entry: DirectoryEntry, work: Work) -> None:
    """Changes the account, and gives up the names that it doesn't have any more."""
    if entry.manager_id is not None and entry.manager_id != learner.manager_id:
        work.save_too(reporting_line(entry.manager_id, learner, work))
    before = learner.directory_entry
    entry, department_id = _with_department(
        entry, (learner.department, learner.department_id), work
    )
    learner.provision(entry, department_id=department_id, at=work.now)
    for kind in KINDS:
        old, new = getattr(before, kind), getattr(learner, kind)
        if old and new and name_key(kind, old) == name_key(kind, new):
            old = None  # another spelling of the same name
        if new:
            work.save_too(_taken(kind, new, learner.id, work))
        if old:
            _give_up(kind, old, learner.id, work)


def _returning(entry: DirectoryEntry, work: Work) -> Learner | None:
    """Who was in the directory before and is back.

    It is known by the external id, or else by the user name; somebody who has another external id
    is another person.
    """
    for kind in ("external_id", "username"):
        name = getattr(entry, kind)
        owner = _owner(kind, name, work) if name else None
        if owner is None or not owner.deprovisioned:
            continue
        if not (entry.external_id and owner.external_id) or (
            owner.external_id == entry.external_id
        ):
            return owner
    return None


def _owner(kind: str, name: str, work: Work) -> Learner | None:
    key = name_key(kind, name)
    claimed = work.find(UniqueName, unique_name_id(kind, key))
    if claimed is None or claimed.owner_id is None:
        return None
    return work.find_latest(Learner, claimed.owner_id)


def _taken(kind: str, name: str, owner_id: UUID, work: Work) -> UniqueName:
    """Claims a name; whoever is in the directory no more gives it up. Raises `NameTaken`."""
    key = name_key(kind, name)
    claimed = work.find(UniqueName, unique_name_id(kind, key))
    if claimed is None or claimed.owner_id in {None, owner_id}:
        return claim_name(work, kind, key, owner_id)
    owner = work.find_latest(Learner, claimed.owner_id)
    if owner is None or not owner.deprovisioned:
        raise NameTaken(f"This {kind.replace('_', ' ')} is already in use.")
    claimed.release(at=work.now)
    claimed.reclaim(owner_id=owner_id, at=work.now)
    return claimed


def _give_up(kind: str, name: str, owner_id: UUID, work: Work) -> None:
    claimed = work.find(UniqueName, unique_name_id(kind, name_key(kind, name)))
    if claimed is not None and claimed.owner_id == owner_id:
        claimed.release(at=work.now)
        work.save_too(claimed)


def _reactivate(learner: Learner, work: Work) -> None:
    learner.reactivate(at=work.now)
    note_standing(learner, work)
    work.execute_too(*returned_statement(learner.id))


def _deactivate(learner: Learner, work: Work) -> None:
    if learner.active:
        learner.deactivate(reason="The company's directory says so.", at=work.now)
        work.execute_too(*end_all_statement(learner.id, work.now, "deactivated"))
        note_standing(learner, work)


def _with_department(
    entry: DirectoryEntry, was: tuple[str | None, UUID | None], work: Work
) -> tuple[DirectoryEntry, UUID | None]:
    """The entry with its department as the tree calls it, and the department's id in the tree."""
    if entry.department is None:
        return entry, None
    name, department_id = work.department_names().resolve(entry.department, was)
    return msgspec.structs.replace(entry, department=name), department_id


def _placement(learner: Learner) -> UUID | None:
    """The department that the person keeps from being removed."""
    return learner.department_id if learner.active else None


def _place(learner: Learner, former: UUID | None, work: Work) -> None:
    if _placement(learner) != former:
        work.execute_too(*placed_statement(Kind.LEARNER, learner.id, _placement(learner)))
