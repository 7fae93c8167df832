"""The people whom a file is about, as they are now: loaded at once, not one by one."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

from access.actor import Actor
from access.passwords import Passwords
from access.permissions import Scope
from commands.work import Work
from domain.aggregate import Aggregate
from domain.department_names import DepartmentNames
from domain.identity import organization_id
from domain.learner import Learner
from domain.organization import Organization
from domain.unique_name import UniqueName
from event_store.application import Log
from event_store.bulk import load

T = TypeVar("T", bound=Aggregate)

STREAMS_AT_ONCE: Final = 500


class Known:
    """Aggregates by stream; None for a stream that isn't there. What is decided is put back, so
    that the next person's decision sees it."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self._streams: dict[UUID, Aggregate | None] = {}
        self._department_names: DepartmentNames | None = None
        self.administrators_lost: set[UUID] = set()

    def fetch(self, ids: Iterable[UUID]) -> None:
        """Loads those that aren't known yet."""
        missing = [id for id in dict.fromkeys(ids) if id not in self._streams]
        for start in range(0, len(missing), STREAMS_AT_ONCE):
            part = missing[start : start + STREAMS_AT_ONCE]
            found = load(self.log, part)
            self._streams.update({id: found.get(id) for id in part})

    def has(self, id: UUID) -> bool:
        """Whether it is known if there is such a stream."""
        return id in self._streams

    def find(self, cls: type[T], id: UUID) -> T | None:
        """The aggregate, not to be changed."""
        if id not in self._streams:
            self._streams[id] = self.log.find_latest(Aggregate, id)
        found = self._streams[id]
        return found if isinstance(found, cls) else None

    def owner(self, name_id: UUID) -> Learner | None:
        """Whose name it is."""
        name = self.find(UniqueName, name_id)
        return self.find(Learner, name.owner_id) if name and name.owner_id else None

    def department_names(self) -> DepartmentNames:
        """The departments that there are."""
        if self._department_names is None:
            self._department_names = DepartmentNames(self.find(Organization, organization_id()))
        return self._department_names

    def keep(self, aggregates: Iterable[Aggregate]) -> None:
        """Takes over what was decided."""
        self._streams.update({aggregate.id: aggregate for aggregate in aggregates})

    def forget(self, ids: Iterable[UUID]) -> None:
        """Has them loaded anew."""
        for id in ids:
            self._streams.pop(id, None)
            self.log.forget([id])
            if id == organization_id():
                self._department_names = None


class ImportWork(Work):
    """What a command's handler works with during an import: people who are known already."""

    def __init__(
        self, known: Known, passwords: Passwords, actor: Actor, now: datetime, new_id: UUID
    ) -> None:
        super().__init__(known.log, passwords, actor, now, frozenset({Scope.ANY}))
        self._known = known
        self.administrators_lost = known.administrators_lost
        self._next_id = new_id

    def new_id(self) -> UUID:
        return self._next_id

    def find(self, cls: type[T], id: UUID) -> T | None:
        self.loaded.add(id)
        saved = next((each for each in self.also_saved if each.id == id), None)
        if saved is not None:
            return saved if isinstance(saved, cls) else None
        found = self._known.find(cls, id)
        return found.__deepcopy__({}) if found is not None else None

    def find_latest(self, cls: type[T], id: UUID) -> T | None:
        return self.find(cls, id)

    def department_names(self) -> DepartmentNames:
        self.loaded.add(organization_id())
        return self._known.department_names()


def ids_of_owners(known: Known, names: Sequence[UUID]) -> list[UUID]:
    """The people who own these names."""
    found = (known.find(UniqueName, id) for id in names)
    return [name.owner_id for name in found if name and name.owner_id]
