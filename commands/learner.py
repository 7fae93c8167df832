"""Accounts: who there is, in which roles, and their log-ins."""

from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from access.memberships import returned_statement
from access.placements import Kind, placed_statement
from access.sessions import end_all_statement
from commands.delegation import must_grant, must_not_be_oneself, must_reach
from commands.departments import named_and_referred, the_organization
from commands.message import Command, handles
from commands.names import claim_name, release_name
from commands.password import must_have_password, save_password, tell_of_change
from commands.standing import note_administrator, note_standing
from commands.work import MAX_MANAGERS, Work
from domain.errors import Invalid
from domain.identity import canonical, reporting_lines_id
from domain.learner import Learner, checked_manager
from domain.reporting_lines import ReportingLines
from domain.roles import Role


class RegisterLearner(Command, frozen=True):
    username: str
    email: str
    full_name: str
    password: str | None = None
    roles: list[Role] = msgspec.field(default_factory=lambda: [Role.EMPLOYEE])
    language: str = "en"
    time_zone: str = "UTC"
    department: str | None = None
    department_id: UUID | None = None
    job_role: str | None = None
    manager_id: UUID | None = None

    def __repr__(self) -> str:
        return "RegisterLearner()"


class UpdateLearner(Command, frozen=True):
    """What isn't given stays; `None` clears."""

    learner_id: UUID
    full_name: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    language: str | UnsetType = UNSET
    time_zone: str | UnsetType = UNSET
    department: str | UnsetType | None = UNSET
    department_id: UUID | UnsetType | None = UNSET
    job_role: str | UnsetType | None = UNSET
    manager_id: UUID | UnsetType | None = UNSET


class ChangeRoles(Command, frozen=True):
    learner_id: UUID
    roles: list[Role]
    departments: list[UUID] = msgspec.field(default_factory=list)
    reason: str | None = None


class DeactivateLearner(Command, frozen=True):
    learner_id: UUID
    reason: str | None = None


class ReactivateLearner(Command, frozen=True):
    learner_id: UUID


class RecordLogin(Command, frozen=True):
    learner_id: UUID
    method: str


class RecordLogout(Command, frozen=True):
    learner_id: UUID


class ChangePassword(Command, frozen=True):
    learner_id: UUID
    password: str

    def __repr__(self) -> str:
        return f"ChangePassword(learner_id={self.learner_id!r})"


@handles(RegisterLearner)
def register_learner(command: RegisterLearner, work: Work) -> Learner:
    work.permit_in(command.department_id)
    must_grant(command.roles, (), work)
    if command.manager_id is not None:
        _must_exist(command.manager_id, work)
    department, department_id = named_and_referred(command.department, command.department_id, work)
    learner = Learner.register(
        id=work.new_id(),
        username=command.username,
        email=command.email,
        full_name=command.full_name,
        roles=command.roles,
        language=command.language,
        time_zone=command.time_zone,
        department=department or None,
        department_id=department_id or None,
        job_role=command.job_role,
        manager_id=command.manager_id,
        at=work.now,
    )
    if learner.department_id is not None:
        work.execute_too(*placed_statement(Kind.LEARNER, learner.id, learner.department_id))
    work.save_too(
        claim_name(work, "username", learner.username, learner.id),
        claim_name(work, "email", learner.email, learner.id),
    )
    if Role.ADMIN in learner.roles:
        note_administrator(learner, work)
    if command.password is not None:
        save_password(work, learner, command.password)
    return learner


@handles(UpdateLearner)
def update_learner(command: UpdateLearner, work: Work) -> Learner:
    learner = _permitted(command.learner_id, work)
    must_reach(learner, work)
    department, department_id = named_and_referred(command.department, command.department_id, work)
    former_email, former_department = learner.email, learner.department_id
    if department_id is not UNSET:
        work.permit_in(former_department, department_id)
    if not (command.job_role is UNSET and command.manager_id is UNSET):
        work.permit_in(former_department)
    if isinstance(command.manager_id, UUID) and command.manager_id != learner.manager_id:
        work.save_too(reporting_line(command.manager_id, learner, work))
    learner.update(
        full_name=command.full_name,
        email=command.email,
        language=command.language,
        time_zone=command.time_zone,
        department=department,
        department_id=department_id,
        job_role=command.job_role,
        manager_id=command.manager_id,
        at=work.now,
    )
    if learner.department_id != former_department:
        work.execute_too(*placed_statement(Kind.LEARNER, learner.id, learner.department_id))
    if canonical(learner.email) != canonical(former_email):
        work.save_too(
            claim_name(work, "email", learner.email, learner.id),
            release_name(work, "email", former_email),
        )
    return learner


@handles(ChangeRoles)
def change_roles(command: ChangeRoles, work: Work) -> Learner:
    learner = _permitted(command.learner_id, work)
    must_not_be_oneself(learner, work)
    must_reach(learner, work)
    must_grant(command.roles, command.departments, work)
    for index, department_id in enumerate(command.departments):
        the_organization(work).existing(department_id, field=f"departments[{index}]")
    learner.change_roles(
        roles=command.roles, departments=command.departments, reason=command.reason, at=work.now
    )
    note_standing(learner, work)
    return learner


@handles(DeactivateLearner)
def deactivate_learner(command: DeactivateLearner, work: Work) -> Learner:
    """Whoever is deactivated doesn't keep a department from being removed."""
    learner = _permitted(command.learner_id, work)
    must_reach(learner, work)
    learner.deactivate(reason=command.reason, at=work.now)
    work.execute_too(*end_all_statement(learner.id, work.now, "deactivated"))
    note_standing(learner, work)
    work.execute_too(*placed_statement(Kind.LEARNER, learner.id, None))
    return learner


@handles(ReactivateLearner)
def reactivate_learner(command: ReactivateLearner, work: Work) -> Learner:
    learner = _permitted(command.learner_id, work)
    must_reach(learner, work)
    learner.reactivate(at=work.now)
    if learner.department_id not in the_organization(work).departments:
        learner.update(department_id=None, at=work.now)
    note_standing(learner, work)
    work.execute_too(*placed_statement(Kind.LEARNER, learner.id, learner.department_id))
    work.execute_too(*returned_statement(learner.id))
    return learner


@handles(RecordLogin)
def record_login(command: RecordLogin, work: Work) -> Learner:
    learner = _permitted(command.learner_id, work)
    learner.log_in(method=command.method, at=work.now)
    return learner


@handles(RecordLogout)
def record_logout(command: RecordLogout, work: Work) -> Learner:
    learner = _permitted(command.learner_id, work)
    learner.log_out(at=work.now)
    return learner


@handles(ChangePassword)
def change_password(command: ChangePassword, work: Work) -> Learner:
    learner = _permitted(command.learner_id, work)
    must_have_password(work, learner)
    learner.change_password(at=work.now)
    work.execute_too(
        *end_all_statement(learner.id, work.now, "password changed", but=work.actor.session_id)
    )
    save_password(work, learner, command.password)
    tell_of_change(work, learner)
    return learner


def _permitted(learner_id: UUID, work: Work) -> Learner:
    learner = work.get(Learner, learner_id)
    work.permit(learner=learner_id)
    return learner


def reporting_line(manager_id: UUID, learner: Learner, work: Work) -> ReportingLines:
    """To be saved with the change. Loaded first: what is looked at afterwards can't be older."""
    checked_manager(manager_id, of=learner.id)
    lines = work.find(ReportingLines, reporting_lines_id()) or ReportingLines.open(at=work.now)
    _must_not_be_below(manager_id, learner, work)
    lines.change(learner_id=learner.id, manager_id=manager_id, at=work.now)
    return lines


def _must_exist(manager_id: UUID, work: Work) -> Learner:
    return work.existing(Learner, manager_id, field="manager_id")


def _must_not_be_below(manager_id: UUID, learner: Learner, work: Work) -> None:
    """Refuses a manager who reports to the learner: the tree must have no cycle."""
    above: UUID | None = manager_id
    for _ in range(MAX_MANAGERS):
        if above is None:
            return
        if above == learner.id:
            raise Invalid("A manager can't report to their own report.", field="manager_id")
        above = _must_exist(above, work).manager_id
    raise Invalid(f"There can't be more than {MAX_MANAGERS} managers above.", field="manager_id")
