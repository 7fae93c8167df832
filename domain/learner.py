"""A person with an account, whatever roles they hold."""

from datetime import datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import available_timezones

from domain import text
from domain.aggregate import Aggregate, Personal, event
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

    class LoggedIn(Aggregate.Event):
        TOPIC = "learner.logged_in"
        method: str

    class LoggedOut(Aggregate.Event):
        TOPIC = "learner.logged_out"

    class PasswordChanged(Aggregate.Event):
        TOPIC = "learner.password_changed"

    class SteppedUp(Aggregate.Event):
        """They have proved once more who they are, for something sensitive."""

        TOPIC = "learner.stepped_up"
        factors: list[str]

    class SessionEnded(Aggregate.Event):
        TOPIC = "learner.session_ended"
        session_id: UUID

    class SessionsEnded(Aggregate.Event):
        """All of them, but the one that is kept."""

        TOPIC = "learner.sessions_ended"
        kept: UUID | None
        reason: str | None

    def __init__(
        self,
        username: str,
        email: str,
        full_name: str,
        roles: list[Role],
        manager_id: UUID | None,
        department: str | None,
    ) -> None:
        self.username = username
        self.email = email
        self.full_name = full_name
        self.roles = roles
        self.manager_id = manager_id
        self.department = department
        self.active = True

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
            email=_email(email),
            full_name=text.required(full_name, "full_name", 300),
            roles=_roles(roles),
            language=text.required(language, "language", 35),
            time_zone=_time_zone(time_zone),
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
            "email": email and _email(email),
            "language": text.optional(language, "language", 35),
            "time_zone": time_zone and _time_zone(time_zone),
            "department": text.optional(department, "department", 100),
            "job_role": text.optional(job_role, "job_role", 100),
            "manager_id": _manager(manager_id, of=self.id),
        }
        if any(value is not None for value in changes.values()):
            self.trigger_event(self.Updated, timestamp=at, **changes)

    def change_roles(self, *, roles: list[Role], reason: str | None, at: datetime) -> None:
        self.must_be_active()
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
    ) -> None:
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


def _roles(roles: list[Role]) -> list[Role]:
    if not roles:
        raise Invalid("A person holds at least one role.", field="roles")
    if Role.SYSTEM in roles:
        raise Invalid("The role 'system' can't be granted.", field="roles")
    return sorted(set(roles))


def _email(email: str) -> str:
    address = text.required(email, "email", 254)
    local, at, host = address.rpartition("@")
    if not (local and at and "." in host) or any(c.isspace() for c in address):
        raise Invalid("email must be an address such as jane@example.com.", field="email")
    return address


def _time_zone(name: str) -> str:
    if name not in _TIME_ZONES:
        raise Invalid("time_zone must be an IANA name such as Europe/Berlin.", field="time_zone")
    return name


def _manager(manager_id: UUID | None, *, of: UUID) -> UUID | None:
    if manager_id == of:
        raise Invalid("Nobody is their own manager.", field="manager_id")
    return manager_id


_TIME_ZONES = available_timezones() | {"UTC"}
