"""The people who can log in to a new system: one for each role."""

from typing import Final
from uuid import UUID

import msgspec

from access.actor import Actor
from commands.learner import RegisterLearner, UpdateLearner
from commands.organization import AddDepartment
from domain.roles import Role
from lms.seeds.steps import NOBODY_YET, Steps


class SeededPerson(msgspec.Struct, frozen=True):
    """`manager` is a user name of somebody registered before."""

    username: str
    full_name: str
    role: Role
    department: str
    job_role: str
    manager: str | None = None


ADMIN: Final = SeededPerson("admin", "Ada Okafor", Role.ADMIN, "IT", "Administrator")
INSTRUCTOR: Final = SeededPerson(
    "instructor", "Ingrid Solberg", Role.INSTRUCTOR, "Learning", "Instructor"
)
JOHN: Final = SeededPerson(
    "john.doe", "John Doe", Role.EMPLOYEE, "Engineering", "Software engineer", manager="manager"
)
PEOPLE: Final = (
    ADMIN,
    INSTRUCTOR,
    SeededPerson("manager", "Marta Nowak", Role.MANAGER, "Engineering", "Head of engineering"),
    JOHN,
    SeededPerson("auditor", "Arthur Bennett", Role.AUDITOR, "Compliance", "Auditor"),
    SeededPerson("analyst", "Anjali Rao", Role.ANALYST, "People analytics", "Analyst"),
)


def register_people(steps: Steps, password: str) -> dict[str, Actor]:
    """Everyone by user name, able to act. All of them log in with `password`.

    Whoever is new gets a department of the tree; whoever is there stays where they are.
    """
    actors: dict[str, Actor] = {}
    by = NOBODY_YET
    for person in PEOPLE:
        step = f"person/{person.username}"
        id = steps.find(step, by) or _register(steps, step, person, actors, password)
        actors[person.username] = Actor(id, frozenset({person.role}))
        by = actors[ADMIN.username]
    return actors


def are_begun(steps: Steps) -> bool:
    """Whether the first of them was registered already, maybe before being killed."""
    return steps.find(f"person/{ADMIN.username}", NOBODY_YET) is not None


def _register(
    steps: Steps, step: str, person: SeededPerson, actors: dict[str, Actor], password: str
) -> UUID:
    manager_id = actors[person.manager].id if person.manager else None
    registration = _registration(person, manager_id, password)
    admin = actors.get(ADMIN.username)
    if admin is not None:
        department_id = _department(steps, person, admin)
        registration = msgspec.structs.replace(registration, department_id=department_id)
        return steps.take(step, registration, admin)
    id = steps.take(step, registration, NOBODY_YET)
    themselves = Actor(id, frozenset({person.role}))
    place = UpdateLearner(learner_id=id, department_id=_department(steps, person, themselves))
    steps.take(f"{step}/department", place, themselves)
    return id


def _department(steps: Steps, person: SeededPerson, admin: Actor) -> UUID:
    add = AddDepartment(name=person.department)
    return steps.take(f"department/{person.department}", add, admin)


def _registration(person: SeededPerson, manager_id: UUID | None, password: str) -> RegisterLearner:
    return RegisterLearner(
        username=person.username,
        email=f"{person.username}@example.com",
        full_name=person.full_name,
        password=password,
        roles=[person.role],
        time_zone="Europe/Berlin",
        job_role=person.job_role,
        manager_id=manager_id,
    )
