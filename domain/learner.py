"""A person with an account, whatever roles they hold."""

from datetime import datetime
from typing import Annotated, TypeAlias
from uuid import UUID

from msgspec import UNSET, UnsetType

from domain import learner_events as events
from domain import text
from domain.aggregate import ERASED, Aggregate, Personal, event
from domain.changes import changed_fields
from domain.directory_entry import CHECKS, DirectoryEntry, checked, differences
from domain.errors import Conflict, Invalid
from domain.roles import Role
from domain.skill import (
    MAX_SKILLS,
    SkillNotFound,
    TooManySkills,
    skill_key,
    skill_level,
    skill_name,
)


class LearnerInactive(Conflict):
    code = "learner-inactive"


class LearnerActive(Conflict):
    code = "learner-active"


class LearnerErased(Conflict):
    code = "learner-erased"


class Learner(Aggregate):
    STREAM_TYPE = "learner"
    SNAPSHOT_EVERY = 100

    username: Annotated[str, Personal]
    email: Annotated[str, Personal]
    full_name: Annotated[str, Personal]
    roles: list[Role]
    administers: list[UUID]
    language: str
    time_zone: str
    department: str | None
    department_id: UUID | None
    job_role: str | None
    manager_id: UUID | None
    skills: dict[str, int]
    active: bool
    external_id: Annotated[str | None, Personal]
    given_name: Annotated[str | None, Personal]
    family_name: Annotated[str | None, Personal]
    employee_number: Annotated[str | None, Personal]
    deprovisioned: bool
    erased: bool

    Registered: TypeAlias = events.Registered
    Updated: TypeAlias = events.Updated
    RolesChanged: TypeAlias = events.RolesChanged
    SkillAssessed: TypeAlias = events.SkillAssessed
    SkillRemoved: TypeAlias = events.SkillRemoved
    Deactivated: TypeAlias = events.Deactivated
    Reactivated: TypeAlias = events.Reactivated
    Provisioned: TypeAlias = events.Provisioned
    Deprovisioned: TypeAlias = events.Deprovisioned
    Erased: TypeAlias = events.Erased
    LoggedIn: TypeAlias = events.LoggedIn
    LoggedOut: TypeAlias = events.LoggedOut
    PasswordChanged: TypeAlias = events.PasswordChanged
    SteppedUp: TypeAlias = events.SteppedUp
    SessionEnded: TypeAlias = events.SessionEnded
    SessionsEnded: TypeAlias = events.SessionsEnded
    DataExported: TypeAlias = events.DataExported

    def __init__(
        self,
        username: str,
        email: str,
        full_name: str,
        roles: list[Role],
        language: str,
        time_zone: str,
        department: str | None,
        department_id: UUID | None,
        job_role: str | None,
        manager_id: UUID | None,
    ) -> None:
        self.username = username
        self.email = email
        self.full_name = full_name
        self.roles = roles
        self.administers = []
        self.language = language
        self.time_zone = time_zone
        self.department = department
        self.department_id = department_id
        self.job_role = job_role
        self.manager_id = manager_id
        self.skills = {}
        self.external_id = None
        self.given_name = None
        self.family_name = None
        self.employee_number = None
        self.active = True
        self.deprovisioned = False
        self.erased = False

    @classmethod
    def register(
        cls,
        *,
        id: UUID,
        username: str,
        email: str,
        full_name: str,
        roles: list[Role],
        at: datetime,
        language: str = "en",
        time_zone: str = "UTC",
        department: str | None = None,
        department_id: UUID | None = None,
        job_role: str | None = None,
        manager_id: UUID | None = None,
    ) -> "Learner":
        if Role.DEPARTMENT_ADMIN in roles:
            raise Invalid(
                "A department admin is made of an account that exists, for some departments.",
                field="roles",
            )
        return cls._create(
            cls.Registered,
            id=id,
            timestamp=at,
            username=text.required(username, "username", 150),
            email=CHECKS["email"](email),
            full_name=text.required(full_name, "full_name", 300),
            roles=_roles(roles),
            language=text.required(language, "language", 35),
            time_zone=CHECKS["time_zone"](time_zone),
            department=text.optional(department, "department", 100),
            department_id=department_id,
            job_role=text.optional(job_role, "job_role", 100),
            manager_id=checked_manager(manager_id, of=id),
        )

    def update(
        self,
        *,
        at: datetime,
        full_name: str | UnsetType = UNSET,
        email: str | UnsetType = UNSET,
        language: str | UnsetType = UNSET,
        time_zone: str | UnsetType = UNSET,
        department: str | UnsetType | None = UNSET,
        department_id: UUID | UnsetType | None = UNSET,
        job_role: str | UnsetType | None = UNSET,
        manager_id: UUID | UnsetType | None = UNSET,
    ) -> None:
        """`None` clears a field, `UNSET` leaves it as it is."""
        self.must_be_active()
        given = {
            "full_name": full_name,
            "email": email,
            "language": language,
            "time_zone": time_zone,
            "department": department,
            "department_id": department_id,
            "job_role": job_role,
            "manager_id": manager_id,
        }
        if manager_id is not UNSET:
            checked_manager(manager_id, of=self.id)
        given = {
            name: value if value is UNSET or name not in CHECKS else CHECKS[name](value)
            for name, value in given.items()
        }
        changes = changed_fields(given, vars(self))
        if changes:
            self.trigger_event(self.Updated, timestamp=at, **changes)

    def change_roles(
        self,
        *,
        roles: list[Role],
        reason: str | None,
        at: datetime,
        departments: list[UUID] | None = None,
    ) -> None:
        """`departments` are those that a department admin is to look after."""
        self.must_be_active()
        roles, departments = _roles(roles), sorted(set(departments or []))
        if (Role.DEPARTMENT_ADMIN in roles) is not bool(departments):
            raise Invalid(
                "departments are for department admins, who need at least one.",
                field="departments",
            )
        self._change_roles(roles, departments, reason=reason, at=at)

    def follow_roles(self, *, roles: list[Role], reason: str | None, at: datetime) -> None:
        """Changes the roles of a deactivated account too: the directory goes on changing it.

        It says nothing of departments, so whoever looks after some keeps them with that role.
        """
        if self.erased:
            return
        roles = _roles(roles)
        is_department_admin = Role.DEPARTMENT_ADMIN in roles
        if is_department_admin and not self.administers:
            raise Invalid(
                "A department admin is made one by an administrator, for some departments.",
                field="roles",
            )
        departments = self.administers if is_department_admin else []
        self._change_roles(roles, departments, reason=reason, at=at)

    def _change_roles(
        self, roles: list[Role], departments: list[UUID], *, reason: str | None, at: datetime
    ) -> None:
        granted = [role for role in roles if role not in self.roles]
        revoked = [role for role in self.roles if role not in roles]
        if granted or revoked or departments != self.administers:
            reason = text.optional(reason, "reason", 1_000)
            self.trigger_event(
                self.RolesChanged,
                timestamp=at,
                roles=roles,
                granted=granted,
                revoked=revoked,
                reason=reason,
                departments=departments,
            )

    def assess_skill(
        self, *, skill: str, level: int, assessed_by: UUID | None, at: datetime
    ) -> None:
        """An assessment that confirms the level is one too."""
        self.must_be_active()
        skill, level = skill_name(skill), skill_level(level)
        if skill_key(skill) not in self.skills and len(self.skills) >= MAX_SKILLS:
            raise TooManySkills(f"A person has at most {MAX_SKILLS} skills.")
        self.trigger_event(
            self.SkillAssessed, timestamp=at, skill=skill, level=level, assessed_by=assessed_by
        )

    def remove_skill(self, *, skill: str, at: datetime) -> None:
        self.must_be_active()
        skill = skill_name(skill)
        if skill_key(skill) not in self.skills:
            raise SkillNotFound("This person has no such skill.")
        self.trigger_event(self.SkillRemoved, timestamp=at, skill=skill)

    def deactivate(self, *, reason: str | None, at: datetime) -> None:
        self.must_be_active()
        reason = text.optional(reason, "reason", 1_000)
        self.trigger_event(self.Deactivated, timestamp=at, reason=reason)

    def reactivate(self, *, at: datetime) -> None:
        self._must_not_be_erased()
        if self.active:
            raise LearnerActive("This account is active.")
        self.trigger_event(self.Reactivated, timestamp=at)

    @property
    def directory_entry(self) -> DirectoryEntry:
        """What the company's directory would have to say to change nothing."""
        return DirectoryEntry(
            **{name: getattr(self, name) for name in DirectoryEntry.__struct_fields__}
        )

    def provision(self, entry: DirectoryEntry, *, department_id: UUID | None, at: datetime) -> None:
        """Follows the company's directory, also while the account is deactivated.

        `department_id` is the department that the entry's `department` names, if it is one of ours.
        """
        self._must_not_be_erased()
        checked_manager(entry.manager_id, of=self.id)
        changes, removed = differences(self.directory_entry, checked(entry))
        if department_id is None and self.department_id is not None:
            removed.append("department_id")
        elif department_id != self.department_id:
            changes["department_id"] = department_id
        if changes or removed:
            self.trigger_event(self.Provisioned, timestamp=at, removed=removed, **changes)

    def erase(self, *, erasure_id: UUID, legal_basis: str, at: datetime) -> None:
        """There is no way back. Whoever saves this destroys the person's key with it."""
        self._must_not_be_erased()
        self.trigger_event(
            self.Erased, timestamp=at, erasure_id=erasure_id, legal_basis=legal_basis
        )

    def deprovision(self, *, at: datetime) -> None:
        if self.erased:
            return
        if self.active:
            self.deactivate(reason="The company's directory has this person no more.", at=at)
        if not self.deprovisioned:
            self.trigger_event(self.Deprovisioned, timestamp=at)

    def log_in(self, *, method: str, at: datetime) -> None:
        self.must_be_active()
        self.trigger_event(self.LoggedIn, timestamp=at, method=method)

    def log_out(self, *, at: datetime) -> None:
        self.trigger_event(self.LoggedOut, timestamp=at)

    def change_password(self, *, at: datetime) -> None:
        self.must_be_active()
        self.trigger_event(self.PasswordChanged, timestamp=at)

    def step_up(self, *, factors: list[str], at: datetime) -> None:
        self.must_be_active()
        self.trigger_event(self.SteppedUp, timestamp=at, factors=sorted(factors))

    def end_session(self, *, session_id: UUID, at: datetime) -> None:
        self.trigger_event(self.SessionEnded, timestamp=at, session_id=session_id)

    def end_sessions(self, *, kept: UUID | None, reason: str | None, at: datetime) -> None:
        reason = text.optional(reason, "reason", 1_000)
        self.trigger_event(self.SessionsEnded, timestamp=at, kept=kept, reason=reason)

    def export_data(self, *, exported_by: UUID | None, at: datetime) -> None:
        """Of a deactivated account too: its owner keeps the right."""
        self.trigger_event(self.DataExported, timestamp=at, exported_by=exported_by)

    @property
    def known_as(self) -> tuple[str, ...]:
        """What others know of the person, and no password may be made of."""
        return (self.username, self.email, self.full_name)

    def must_be_active(self) -> None:
        if not self.active:
            raise LearnerInactive("This account is deactivated.")

    def _must_not_be_erased(self) -> None:
        if self.erased:
            raise LearnerErased("This person was erased.")

    @event(RolesChanged)
    def _roles_changed(self, roles: list[Role], departments: list[UUID]) -> None:
        self.roles = roles
        self.administers = departments

    @event(SkillAssessed)
    def _skill_assessed(self, skill: str, level: int) -> None:
        self.skills[skill_key(skill)] = level

    @event(SkillRemoved)
    def _skill_removed(self, skill: str) -> None:
        del self.skills[skill_key(skill)]

    @event(Deactivated)
    def _deactivated(self) -> None:
        self.active = False

    @event(Reactivated)
    def _reactivated(self) -> None:
        self.active = True
        self.deprovisioned = False

    @event(Deprovisioned)
    def _deprovisioned(self) -> None:
        self.deprovisioned = True

    @event(Erased)
    def _erased(self) -> None:
        self.erased, self.active, self.deprovisioned = True, False, True
        self.username = self.email = self.full_name = ERASED
        self.external_id = self.given_name = self.family_name = self.employee_number = None
        self.job_role = self.manager_id = None
        self.roles, self.administers, self.skills = [], [], {}


def _roles(roles: list[Role]) -> list[Role]:
    if not roles:
        raise Invalid("A person holds at least one role.", field="roles")
    if Role.SYSTEM in roles:
        raise Invalid("The role 'system' can't be granted.", field="roles")
    return sorted(set(roles))


def checked_manager(manager_id: UUID | None, *, of: UUID) -> UUID | None:
    """A manager as given. Raises `Invalid` when it is the very person."""
    if manager_id == of:
        raise Invalid("Nobody is their own manager.", field="manager_id")
    return manager_id
