"""A person with an account, whatever roles they hold."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from domain import text
from domain.aggregate import Aggregate, Personal, event
from domain.directory_entry import CHECKS, DirectoryEntry, checked, differences
from domain.errors import Conflict, Invalid
from domain.roles import Role


class LearnerInactive(Conflict):
    code = "learner-inactive"


class LearnerActive(Conflict):
    code = "learner-active"


class Learner(Aggregate):
    STREAM_TYPE = "learner"
    SNAPSHOT_EVERY = 100

    username: Annotated[str, Personal]
    email: Annotated[str, Personal]
    full_name: Annotated[str, Personal]
    roles: list[Role]
    manager_id: UUID | None
    department: str | None
    active: bool
    language: str
    time_zone: str
    job_role: str | None
    external_id: Annotated[str | None, Personal]
    given_name: Annotated[str | None, Personal]
    family_name: Annotated[str | None, Personal]
    employee_number: Annotated[str | None, Personal]
    deprovisioned: bool

    class Registered(Aggregate.Created):
        TOPIC = "learner.registered"
        username: Annotated[str, Personal]
        email: Annotated[str, Personal]
        full_name: Annotated[str, Personal]
        roles: list[Role]
        language: str
        time_zone: str
        department: str | None
        job_role: str | None
        manager_id: UUID | None

    class Updated(Aggregate.Event):
        """Carries what changed; `None` means unchanged."""

        TOPIC = "learner.updated"
        full_name: Annotated[str | None, Personal] = None
        email: Annotated[str | None, Personal] = None
        language: str | None = None
        time_zone: str | None = None
        department: str | None = None
        job_role: str | None = None
        manager_id: UUID | None = None

    class RolesChanged(Aggregate.Event):
        TOPIC = "learner.roles_changed"
        roles: list[Role]
        granted: list[Role]
        revoked: list[Role]
        reason: str | None

    class Deactivated(Aggregate.Event):
        TOPIC = "learner.deactivated"
        reason: str | None

    class Reactivated(Aggregate.Event):
        TOPIC = "learner.reactivated"

    class Provisioned(Aggregate.Event):
        """What the company's directory changed: `None` means unchanged, `removed` names what it
        has no more."""

        TOPIC = "learner.provisioned"
        removed: list[str]
        username: Annotated[str | None, Personal] = None
        email: Annotated[str | None, Personal] = None
        full_name: Annotated[str | None, Personal] = None
        given_name: Annotated[str | None, Personal] = None
        family_name: Annotated[str | None, Personal] = None
        external_id: Annotated[str | None, Personal] = None
        employee_number: Annotated[str | None, Personal] = None
        language: str | None = None
        time_zone: str | None = None
        department: str | None = None
        job_role: str | None = None
        manager_id: UUID | None = None

    class Deprovisioned(Aggregate.Event):
        """The company's directory has the person no more; the account stays, deactivated."""

        TOPIC = "learner.deprovisioned"

    class LoggedIn(Aggregate.Event):
        TOPIC = "learner.logged_in"
        method: str

    class LoggedOut(Aggregate.Event):
        TOPIC = "learner.logged_out"

    class PasswordChanged(Aggregate.Event):
        TOPIC = "learner.password_changed"

    def __init__(
        self,
        username: str,
        email: str,
        full_name: str,
        roles: list[Role],
        manager_id: UUID | None,
        department: str | None,
        language: str,
        time_zone: str,
        job_role: str | None,
    ) -> None:
        self.username = username
        self.email = email
        self.full_name = full_name
        self.roles = roles
        self.manager_id = manager_id
        self.department = department
        self.language = language
        self.time_zone = time_zone
        self.job_role = job_role
        self.external_id = None
        self.given_name = None
        self.family_name = None
        self.employee_number = None
        self.active = True
        self.deprovisioned = False

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
        job_role: str | None = None,
        manager_id: UUID | None = None,
    ) -> "Learner":
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
            job_role=text.optional(job_role, "job_role", 100),
            manager_id=_manager(manager_id, of=id),
        )

    def update(
        self,
        *,
        at: datetime,
        full_name: str | None = None,
        email: str | None = None,
        language: str | None = None,
        time_zone: str | None = None,
        department: str | None = None,
        job_role: str | None = None,
        manager_id: UUID | None = None,
    ) -> None:
        self.must_be_active()
        changes = {
            "full_name": full_name and text.required(full_name, "full_name", 300),
            "email": email and CHECKS["email"](email),
            "language": text.optional(language, "language", 35),
            "time_zone": time_zone and CHECKS["time_zone"](time_zone),
            "department": text.optional(department, "department", 100),
            "job_role": text.optional(job_role, "job_role", 100),
            "manager_id": _manager(manager_id, of=self.id),
        }
        if any(value is not None for value in changes.values()):
            self.trigger_event(self.Updated, timestamp=at, **changes)

    def change_roles(self, *, roles: list[Role], reason: str | None, at: datetime) -> None:
        self.must_be_active()
        self.follow_roles(roles=roles, reason=reason, at=at)

    def follow_roles(self, *, roles: list[Role], reason: str | None, at: datetime) -> None:
        """Changes the roles of a deactivated account too: the directory goes on changing it."""
        roles = _roles(roles)
        granted = [role for role in roles if role not in self.roles]
        revoked = [role for role in self.roles if role not in roles]
        if granted or revoked:
            reason = text.optional(reason, "reason", 1_000)
            self.trigger_event(
                self.RolesChanged,
                timestamp=at,
                roles=roles,
                granted=granted,
                revoked=revoked,
                reason=reason,
            )

    def deactivate(self, *, reason: str | None, at: datetime) -> None:
        self.must_be_active()
        reason = text.optional(reason, "reason", 1_000)
        self.trigger_event(self.Deactivated, timestamp=at, reason=reason)

    def reactivate(self, *, at: datetime) -> None:
        if self.active:
            raise LearnerActive("This account is active.")
        self.trigger_event(self.Reactivated, timestamp=at)

    @property
    def directory_entry(self) -> DirectoryEntry:
        """What the company's directory would have to say to change nothing."""
        return DirectoryEntry(
            **{name: getattr(self, name) for name in DirectoryEntry.__struct_fields__}
        )

    def provision(self, entry: DirectoryEntry, *, at: datetime) -> None:
        """Follows the company's directory, also while the account is deactivated."""
        _manager(entry.manager_id, of=self.id)
        changes, removed = differences(self.directory_entry, checked(entry))
        if changes or removed:
            self.trigger_event(self.Provisioned, timestamp=at, removed=removed, **changes)

    def deprovision(self, *, at: datetime) -> None:
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

    def must_be_active(self) -> None:
        if not self.active:
            raise LearnerInactive("This account is deactivated.")

    @event(Updated)
    def _updated(
        self,
        full_name: str | None,
        email: str | None,
        department: str | None,
        manager_id: UUID | None,
        language: str | None,
        time_zone: str | None,
        job_role: str | None,
    ) -> None:
        self.language = language or self.language
        self.time_zone = time_zone or self.time_zone
        self.job_role = job_role or self.job_role
        self.full_name = full_name or self.full_name
        self.email = email or self.email
        self.department = department or self.department
        self.manager_id = manager_id or self.manager_id

    @event(RolesChanged)
    def _roles_changed(self, roles: list[Role]) -> None:
        self.roles = roles

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

    @event(Provisioned)
    def _provisioned(
        self,
        *,
        removed: list[str],
        username: str | None,
        email: str | None,
        full_name: str | None,
        given_name: str | None,
        family_name: str | None,
        external_id: str | None,
        employee_number: str | None,
        language: str | None,
        time_zone: str | None,
        department: str | None,
        job_role: str | None,
        manager_id: UUID | None,
    ) -> None:
        self.username = username or self.username
        self.email = email or self.email
        self.full_name = full_name or self.full_name
        self.given_name = given_name or self.given_name
        self.family_name = family_name or self.family_name
        self.external_id = external_id or self.external_id
        self.employee_number = employee_number or self.employee_number
        self.language = language or self.language
        self.time_zone = time_zone or self.time_zone
        self.department = department or self.department
        self.job_role = job_role or self.job_role
        self.manager_id = manager_id or self.manager_id
        for name in removed:
            setattr(self, name, None)


def _roles(roles: list[Role]) -> list[Role]:
    if not roles:
        raise Invalid("A person holds at least one role.", field="roles")
    if Role.SYSTEM in roles:
        raise Invalid("The role 'system' can't be granted.", field="roles")
    return sorted(set(roles))


def _manager(manager_id: UUID | None, *, of: UUID) -> UUID | None:
    if manager_id == of:
        raise Invalid("Nobody is their own manager.", field="manager_id")
    return manager_id
