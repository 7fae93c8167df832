"""The tree of departments: one stream, so that no two changes can tie it into a knot."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from uuid import UUID

import msgspec

from domain import text
from domain.aggregate import Aggregate, event
from domain.errors import Conflict, Invalid, NotFound
from domain.identity import canonical, organization_id

MAX_DEPARTMENTS = 10_000
MAX_DEPTH = 20


class DepartmentNotFound(NotFound):
    code = "department-not-found"


class DepartmentNameTaken(Conflict):
    code = "department-name-taken"


class DepartmentNotEmpty(Conflict):
    code = "department-not-empty"


class TooManyDepartments(Conflict):
    code = "too-many-departments"


class Department(msgspec.Struct, frozen=True):
    """`parent_id` is None for a department at the top."""

    name: str
    parent_id: UUID | None


class Organization(Aggregate):
    """Who belongs to a department is said by the people and the courses themselves."""

    STREAM_TYPE = "organization"
    SNAPSHOT_EVERY = 100

    departments: dict[UUID, Department]

    class Founded(Aggregate.Created):
        TOPIC = "organization.founded"

    class DepartmentAdded(Aggregate.Event):
        TOPIC = "organization.department_added"
        department_id: UUID
        name: str
        parent_id: UUID | None

    class DepartmentRenamed(Aggregate.Event):
        TOPIC = "organization.department_renamed"
        department_id: UUID
        name: str

    class DepartmentMoved(Aggregate.Event):
        TOPIC = "organization.department_moved"
        department_id: UUID
        parent_id: UUID | None

    class DepartmentRemoved(Aggregate.Event):
        TOPIC = "organization.department_removed"
        department_id: UUID

    def __init__(self) -> None:
        self.departments = {}

    @classmethod
    def found(cls, *, at: datetime) -> "Organization":
        return cls._create(cls.Founded, id=organization_id(), timestamp=at)

    def department(self, id: UUID) -> Department:
        """Raises `DepartmentNotFound`."""
        if id not in self.departments:
            raise DepartmentNotFound("There is no such department.")
        return self.departments[id]

    def existing(self, id: UUID, *, field: str) -> Department:
        """The same for an id in the body of a command. Raises `Invalid`, with that field."""
        if id not in self.departments:
            raise Invalid("There is no such department.", field=field)
        return self.departments[id]

    def named(self, name: str) -> UUID | None:
        """The only department of that name, which others elsewhere in the tree may have too."""
        found = [
            id for id, each in self.departments.items() if canonical(each.name) == canonical(name)
        ]
        return found[0] if len(found) == 1 else None

    def is_within(self, id: UUID | None, departments: Iterable[UUID]) -> bool:
        """Whether a department is one of these, or below one."""
        return not set(departments).isdisjoint(self._upwards(id))

    def add(self, *, department_id: UUID, name: str, parent_id: UUID | None, at: datetime) -> None:
        if len(self.departments) >= MAX_DEPARTMENTS:
            raise TooManyDepartments(f"There can't be more than {MAX_DEPARTMENTS} departments.")
        if parent_id is not None:
            self.existing(parent_id, field="parent_id")
        self._must_not_be_deeper(parent_id, levels=1)
        self.trigger_event(
            self.DepartmentAdded,
            timestamp=at,
            department_id=department_id,
            name=self._free_name(name, parent_id, but=department_id),
            parent_id=parent_id,
        )

    def rename(self, *, department_id: UUID, name: str, at: datetime) -> None:
        department = self.department(department_id)
        name = self._free_name(name, department.parent_id, but=department_id)
        if name != department.name:
            self.trigger_event(
                self.DepartmentRenamed, timestamp=at, department_id=department_id, name=name
            )

    def move(self, *, department_id: UUID, parent_id: UUID | None, at: datetime) -> None:
        """With everything below it."""
        department = self.department(department_id)
        if parent_id == department.parent_id:
            return
        if parent_id is not None:
            self.existing(parent_id, field="parent_id")
        if department_id in self._upwards(parent_id):
            raise Invalid("A department can't be moved below itself.", field="parent_id")
        self._must_not_be_deeper(parent_id, levels=self._levels(department_id))
        self._free_name(department.name, parent_id, but=department_id)
        self.trigger_event(
            self.DepartmentMoved, timestamp=at, department_id=department_id, parent_id=parent_id
        )

    def remove(self, *, department_id: UUID, is_used: bool, at: datetime) -> None:
        """`is_used` tells whether any person or course belongs to it."""
        self.department(department_id)
        if any(self._below(department_id)):
            raise DepartmentNotEmpty("There are departments below this one.")
        if is_used:
            raise DepartmentNotEmpty("People or courses belong to this department.")
        self.trigger_event(self.DepartmentRemoved, timestamp=at, department_id=department_id)

    def _upwards(self, id: UUID | None) -> Iterator[UUID]:
        while id is not None and id in self.departments:
            yield id
            id = self.departments[id].parent_id

    def _below(self, parent_id: UUID | None) -> Iterator[UUID]:
        return (id for id, each in self.departments.items() if each.parent_id == parent_id)

    def _levels(self, id: UUID) -> int:
        """Of the tree that begins with a department."""
        depths = (list(self._upwards(each)) for each in self.departments)
        return max(path.index(id) + 1 for path in depths if id in path)

    def _must_not_be_deeper(self, parent_id: UUID | None, *, levels: int) -> None:
        if len(list(self._upwards(parent_id))) + levels > MAX_DEPTH:
            raise Invalid(f"A tree has at most {MAX_DEPTH} levels.", field="parent_id")

    def _free_name(self, name: str, parent_id: UUID | None, *, but: UUID) -> str:
        name = text.required(name, "name", 100)
        siblings = (self.departments[id].name for id in self._below(parent_id) if id != but)
        if canonical(name) in map(canonical, siblings):
            raise DepartmentNameTaken("There is a department of this name beside it.")
        return name

    @event(DepartmentAdded)
    def _added(self, department_id: UUID, name: str, parent_id: UUID | None) -> None:
        self.departments[department_id] = Department(name, parent_id)

    @event(DepartmentRenamed)
    def _renamed(self, department_id: UUID, name: str) -> None:
        parent_id = self.departments[department_id].parent_id
        self.departments[department_id] = Department(name, parent_id)

    @event(DepartmentMoved)
    def _moved(self, department_id: UUID, parent_id: UUID | None) -> None:
        name = self.departments[department_id].name
        self.departments[department_id] = Department(name, parent_id)

    @event(DepartmentRemoved)
    def _removed(self, department_id: UUID) -> None:
        del self.departments[department_id]
