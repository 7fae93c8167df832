"""What happens to a person's account, as the log has it: the event classes of `domain.learner`."""

from collections.abc import Iterable
from dataclasses import field
from typing import Annotated, Any, Final
from uuid import UUID

from domain.aggregate import Aggregate, Personal
from domain.changes import upcast_without_cleared
from domain.directory_entry import DirectoryEntry
from domain.roles import Role

PROFILE: Final = (*DirectoryEntry.__struct_fields__, "department_id")
"""What a person, whoever looks after them, and the company's directory may change."""


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
    department_id: UUID | None = None


class Updated(Aggregate.Event):
    """Carries what changed: new values, and in `cleared` the fields that have none any more.

    `department` is the name that the department had when the person came into it.
    """

    TOPIC = "learner.updated"
    class_version = 2
    full_name: Annotated[str | None, Personal] = None
    email: Annotated[str | None, Personal] = None
    language: str | None = None
    time_zone: str | None = None
    department: str | None = None
    job_role: str | None = None
    manager_id: UUID | None = None
    department_id: UUID | None = None
    cleared: list[str] = field(default_factory=list)

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        upcast_without_cleared(state)

    def apply(self, aggregate: Any) -> None:
        """See the library: how the state follows."""
        _take_over(aggregate, self, self.cleared)


class RolesChanged(Aggregate.Event):
    TOPIC = "learner.roles_changed"
    roles: list[Role]
    granted: list[Role]
    revoked: list[Role]
    reason: str | None
    departments: list[UUID] = field(default_factory=list)
    """Those that a department admin looks after, with all below them."""


class SkillAssessed(Aggregate.Event):
    TOPIC = "learner.skill_assessed"
    skill: str
    level: int
    assessed_by: UUID | None


class SkillRemoved(Aggregate.Event):
    TOPIC = "learner.skill_removed"
    skill: str


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
    department_id: UUID | None = None

    def apply(self, aggregate: Any) -> None:
        """See the library: how the state follows."""
        _take_over(aggregate, self, self.removed)


class Deprovisioned(Aggregate.Event):
    """The company's directory has the person no more; the account stays, deactivated."""

    TOPIC = "learner.deprovisioned"


class Erased(Aggregate.Event):
    """The person's key is destroyed in the same transaction: nobody reads their data again."""

    TOPIC = "learner.erased"
    ENDS_PERSON = True
    erasure_id: UUID
    legal_basis: str


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


class DataExported(Aggregate.Event):
    """A copy of all that is kept about the person was given to `exported_by`: to themselves, as
    a rule (GDPR articles 15 and 20)."""

    TOPIC = "learner.data_exported"
    exported_by: UUID | None


def _take_over(learner: Any, change: Any, gone: Iterable[str]) -> None:
    """What a change says of the profile; it names those fields that have no value any more."""
    for name in PROFILE:
        if value := getattr(change, name, None):
            setattr(learner, name, value)
    for name in gone:
        setattr(learner, name, None)
