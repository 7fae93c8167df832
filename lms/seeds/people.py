"""The people who can log in to a new system: one for each role."""

from typing import Final
from uuid import UUID

import msgspec

from access.actor import Actor
from commands.learner import RegisterLearner
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
    """Everyone by user name, able to act. All of them log in with `password`."""
    actors: dict[str, Actor] = {}
    by = NOBODY_YET
    for person in PEOPLE:
        manager = actors[person.manager].id if person.manager else None
        id = steps.take(f"person/{person.username}", _registration(person, manager, password), by)
        actors[person.username] = Actor(id, frozenset({person.role}))
        by = actors[ADMIN.username]
    return actors


def are_begun(steps: Steps) -> bool:
    """Whether the first of them was registered already, maybe before being killed."""
    return steps.find(f"person/{ADMIN.username}", NOBODY_YET) is not None


def _registration(person: SeededPerson, manager_id: UUID | None, password: str) -> RegisterLearner:
    return RegisterLearner(
        username=person.username,
        email=f"{person.username}@example.com",
        full_name=person.full_name,
        password=password,
        roles=[person.role],
        time_zone="Europe/Berlin",
        department=person.department,
        job_role=person.job_role,
        manager_id=manager_id,
    )
