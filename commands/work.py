"""What a handler works with: it loads aggregates, checks ownership, and collects what to save."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID, uuid4

from access.actor import Actor
from access.passwords import Passwords
from access.permissions import Scope
from commands.errors import NotAPerson, VersionMismatch
from domain.aggregate import Aggregate
from domain.department_names import DepartmentNames
from domain.errors import Forbidden, Invalid, NotFound
from domain.identity import organization_id
from domain.learner import Learner
from domain.organization import Organization
from event_store.application import Log

T = TypeVar("T", bound=Aggregate)

MAX_MANAGERS = 50
"""Levels of an organisation: a longer chain of managers is a mistake in the data."""


class Work:
    """One try at one command."""

    def __init__(
        self,
        log: Log,
        passwords: Passwords,
        actor: Actor,
        now: datetime,
        scopes: frozenset[Scope],
        expected_version: int | None = None,
        *,
        two_persons: bool = True,
    ) -> None:
        self._log = log
        self._scopes = scopes
        self._expected_version = expected_version
        self.passwords = passwords
        self.actor = actor
        self.now = now
        self.two_persons = two_persons
        """Whether an erasure needs another person than the one who asked for it."""
        self.permitted = Scope.ANY in scopes
        self._created: UUID | None = None
        self.loaded: set[UUID] = set()
        self.also_saved: list[Aggregate] = []
        self.administrators_lost: set[UUID] = set()
        """Who is no administrator any more after this."""
        self.unsigned = False
        """Set by a handler whose events must not say who acted: those of an anonymous survey."""
        self.also_executed: list[tuple[str, Sequence[Any]]] = []

    @property
    def me(self) -> UUID:
        """The person who acts, in what only a person can do. Raises `Forbidden` for others."""
        if self.actor.id is None or self.actor.is_service:
            raise NotAPerson
        return self.actor.id

    def new_id(self) -> UUID:
        return uuid4()

    def new_part(self) -> UUID:
        """The id of a new part of the aggregate (a module, a question): it becomes the answer's."""
        self._created = uuid4()
        return self._created

    def about(self, id: UUID) -> None:
        """The id of the part that the command was about becomes the answer's."""
        self._created = id

    def answer(self, aggregate: Aggregate) -> tuple[UUID, int]:
        """The id and version that the command is answered with."""
        return self._created or aggregate.id, aggregate.version

    def find(self, cls: type[T], id: UUID) -> T | None:
        self.loaded.add(id)
        return self._log.find(cls, id)

    def get(self, cls: type[T], id: UUID) -> T:
        """The aggregate to change. Raises `NotFound`.

        The first one is the one whose version `If-Match` names: raises `VersionMismatch`.
        """
        aggregate = _found(self.find(cls, id), cls)
        self._check_version(aggregate.version)
        return aggregate

    def find_latest(self, cls: type[T], id: UUID) -> T | None:
        self.loaded.add(id)
        return self._log.find_latest(cls, id)

    def latest(self, cls: type[T], id: UUID) -> T:
        """An aggregate as it is now in the log, to be read only. Raises `NotFound`."""
        return _found(self.find_latest(cls, id), cls)

    def existing(self, cls: type[T], id: UUID, *, field: str) -> T:
        """Like `latest`, for an id in the body of a command. Raises `Invalid`, with that field."""
        try:
            return self.latest(cls, id)
        except NotFound as error:
            raise Invalid(error.detail, field=field) from None

    def save_too(self, *aggregates: Aggregate) -> None:
        """Saves more aggregates in the same transaction."""
        self.also_saved.extend(aggregates)

    def execute_too(self, statement: str, params: Sequence[Any]) -> None:
        """Runs a statement on an operational table in the same transaction."""
        self.also_executed.append((statement, params))

    def department_names(self) -> DepartmentNames:
        """The departments that there are now, to be looked up by name."""
        return DepartmentNames(self.find_latest(Organization, organization_id()))

    def permit(
        self, *, learner: UUID | None = None, instructors: Iterable[UUID | None] = ()
    ) -> None:
        """Raises `Forbidden` unless the actor may do this to that learner or that course."""
        me = self.actor.id
        self.permitted = self.permitted or (
            (Scope.SELF in self._scopes and me is not None and learner == me)
            or (Scope.OWN_COURSES in self._scopes and me in instructors)
            or (Scope.REPORTS in self._scopes and self._reports_to_me(learner))
            or (Scope.DEPARTMENT in self._scopes and self._is_in_my_departments(learner))
        )
        if not self.permitted:
            raise Forbidden("This is not yours to change.")

    def permit_in(self, *departments: UUID | None) -> None:
        """Raises `Forbidden` unless the actor may do this to everyone, or looks after all of these
        departments. Nobody looks after `None`."""
        self.permitted = self.reaches_everyone or self.looks_after(*departments)
        if not self.permitted:
            raise Forbidden("Only an administrator may change this.")

    @property
    def reaches_everyone(self) -> bool:
        return Scope.ANY in self._scopes

    def looks_after(self, *departments: UUID | None) -> bool:
        """Whether all of these are departments that the actor looks after, or below such.

        By what the log says now: a grant may have been revoked since the token was issued.
        """
        if Scope.DEPARTMENT not in self._scopes or self.actor.id is None or None in departments:
            return False
        self._log.bring_up_to_date(self.actor.id, organization_id())
        return self._looks_after(*departments)

    def _looks_after(self, *departments: UUID | None) -> bool:
        """The same by what is in the cache."""
        if Scope.DEPARTMENT not in self._scopes or self.actor.id is None or None in departments:
            return False
        me = self._log.peek(Learner, self.actor.id)
        organization = self._log.peek(Organization, organization_id())
        if me is None or organization is None or not me.administers:
            return False
        return all(organization.is_within(each, me.administers) for each in departments)

    def says(self, query: str, params: Sequence[Any] | Mapping[str, Any]) -> bool:
        """What a query on operational tables says, which have no stream to be loaded."""
        return self._log.recorder.says(query, params)

    def ask(self, query: str, params: Sequence[Any]) -> list[dict[str, Any]]:
        """The rows that a query on operational tables finds now."""
        return self._log.recorder.ask(query, params)

    def permit_anyone(self) -> None:
        """Raises `Forbidden` unless the actor may do this to everyone, not only to some."""
        if Scope.ANY not in self._scopes:
            raise Forbidden("Only an administrator may change this.")

    def _check_version(self, version: int) -> None:
        expected, self._expected_version = self._expected_version, None
        if expected is not None and expected != version:
            raise VersionMismatch(f"It is at version {version}, not {expected}: read it again.")

    def _reports_to_me(self, learner_id: UUID | None) -> bool:
        for _ in range(MAX_MANAGERS):
            learner = self._log.find_latest(Learner, learner_id) if learner_id else None
            if learner is None:
                return False
            if learner.manager_id == self.actor.id:
                return True
            learner_id = learner.manager_id
        return False

    def _is_in_my_departments(self, learner_id: UUID | None) -> bool:
        if learner_id is None or self.actor.id is None:
            return False
        self._log.bring_up_to_date(learner_id, self.actor.id, organization_id())
        learner = self._log.peek(Learner, learner_id)
        return learner is not None and self._looks_after(learner.department_id)


def _found(aggregate: T | None, cls: type[T]) -> T:
    if aggregate is None:
        raise NotFound(f"There is no such {cls.STREAM_TYPE.replace('_', ' ')}.")
    return aggregate
