"""Accounts: who there is, in which roles, and their log-ins."""

from uuid import UUID

import msgspec

from access.passwords import save_statement
from access.sessions import end_all_statement
from commands.message import Command, handles
from commands.names import claim_name, release_name
from commands.work import MAX_MANAGERS, Work
from domain.errors import Invalid
from domain.identity import canonical
from domain.learner import Learner
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
    job_role: str | None = None
    manager_id: UUID | None = None

    def __repr__(self) -> str:
        return "RegisterLearner()"


class UpdateLearner(Command, frozen=True):
    learner_id: UUID
    full_name: str | None = None
    email: str | None = None
    language: str | None = None
    time_zone: str | None = None
    department: str | None = None
    job_role: str | None = None
    manager_id: UUID | None = None


class ChangeRoles(Command, frozen=True):
    learner_id: UUID
    roles: list[Role]
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
    if command.manager_id is not None:
        _must_exist(command.manager_id, work)
    learner = Learner.register(
        id=work.new_id(),
        username=command.username,
        email=command.email,
        full_name=command.full_name,
        roles=command.roles,
        language=command.language,
        time_zone=command.time_zone,
        department=command.department,
        job_role=command.job_role,
        manager_id=command.manager_id,
        at=work.now,
    )
    work.save_too(
        claim_name(work, "username", learner.username, learner.id),
        claim_name(work, "email", learner.email, learner.id),
    )
    if command.password is not None:
        _save_password(work, learner.id, command.password)
    return learner


@handles(UpdateLearner)
def update_learner(command: UpdateLearner, work: Work) -> Learner:
    learner = _permitted(command.learner_id, work)
    if (command.manager_id, command.department, command.job_role) != (None, None, None):
        work.permit_anyone()
    if command.manager_id is not None:
        check_manager(command.manager_id, learner, work)
    former_email = learner.email
    learner.update(
        full_name=command.full_name,
        email=command.email,
        language=command.language,
        time_zone=command.time_zone,
        department=command.department,
        job_role=command.job_role,
        manager_id=command.manager_id,
        at=work.now,
    )
    if canonical(learner.email) != canonical(former_email):
        work.save_too(
            claim_name(work, "email", learner.email, learner.id),
            release_name(work, "email", former_email),
        )
    return learner


@handles(ChangeRoles)
def change_roles(command: ChangeRoles, work: Work) -> Learner:
    learner = _permitted(command.learner_id, work)
    learner.change_roles(roles=command.roles, reason=command.reason, at=work.now)
    return learner


@handles(DeactivateLearner)
def deactivate_learner(command: DeactivateLearner, work: Work) -> Learner:
    learner = _permitted(command.learner_id, work)
    learner.deactivate(reason=command.reason, at=work.now)
    work.execute_too(*end_all_statement(learner.id, work.now, "deactivated"))
    return learner


@handles(ReactivateLearner)
def reactivate_learner(command: ReactivateLearner, work: Work) -> Learner:
    learner = _permitted(command.learner_id, work)
    learner.reactivate(at=work.now)
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
    learner.change_password(at=work.now)
    work.execute_too(
        *end_all_statement(learner.id, work.now, "password changed", but=work.actor.session_id)
    )
    _save_password(work, learner.id, command.password)
    return learner


def _permitted(learner_id: UUID, work: Work) -> Learner:
    learner = work.get(Learner, learner_id)
    work.permit(learner=learner_id)
    return learner


def _must_exist(manager_id: UUID, work: Work) -> Learner:
    return work.existing(Learner, manager_id, field="manager_id")


def check_manager(manager_id: UUID, learner: Learner, work: Work) -> None:
    """Refuses a manager who reports to the learner: the tree must have no cycle."""
    above: UUID | None = manager_id
    for _ in range(MAX_MANAGERS):
        if above is None:
            return
        if above == learner.id:
            raise Invalid("A manager can't report to their own report.", field="manager_id")
        above = _must_exist(above, work).manager_id
    raise Invalid(f"There can't be more than {MAX_MANAGERS} managers above.", field="manager_id")


def _save_password(work: Work, learner_id: UUID, password: str) -> None:
    hashed = work.passwords.hash(password)
    work.execute_too(*save_statement(learner_id, hashed, work.now))
