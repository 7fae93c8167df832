"""Who works there: a head of all, heads of departments, team leads, instructors, and their people.

Everyone is told by their number, from 0 up; managers have lower numbers than their people.
"""

import unicodedata
from datetime import datetime, timedelta
from functools import cache
from typing import Final
from uuid import UUID

import msgspec

from domain.learner import Learner
from domain.roles import Role
from domain.unique_name import UniqueName
from lms.seeds.history.plan import Path, Plan
from lms.seeds.history.story import Story
from lms.seeds.history.words import DEPARTMENTS, FIRST_NAMES, LAST_NAMES, SECTIONS, TIME_ZONES

TEAM: Final = 12
COURSES_TAUGHT: Final = 6
EARLY: Final = timedelta(days=20)
"""Those whom others need to be there have joined within this time after the beginning."""

HEADS: Final = "Head of the department"

_DEPARTMENTS: Final = tuple(DEPARTMENTS)
_DEPARTMENT_SIZES: Final = (24, 14, 14, 14, 5, 4, 6, 3, 8, 8)


class Ranks(msgspec.Struct, frozen=True):
    """The numbers of those who are more than employees."""

    heads: range
    leads: range
    instructors: range


class Person(msgspec.Struct, frozen=True):
    """`administers` is the department that a head looks after, with all below it."""

    number: int
    id: UUID
    username: str
    full_name: str
    roles: list[Role]
    department: str
    department_id: UUID
    administers: UUID | None
    job_role: str
    time_zone: str
    manager_id: UUID | None
    joined: datetime


@cache
def ranks(people: int) -> Ranks:
    heads = range(1, 1 + min(len(_DEPARTMENTS), people // 5))
    leads = range(heads.stop, heads.stop + people // TEAM)
    instructors = range(leads.stop, min(people, leads.stop + max(1, people // 200)))
    return Ranks(heads, leads, instructors)


def teachers(plan: Plan) -> list[UUID]:
    """The ids of all instructors; in the smallest organisation the head teaches too."""
    numbers = ranks(plan.size.people).instructors or range(1)
    return [person_id(plan, number) for number in numbers]


def person_id(plan: Plan, number: int) -> UUID:
    return plan.id("person", number)


def person(plan: Plan, number: int) -> Person:
    """Everything about the person of that number."""
    chance = plan.chance("person", number)
    first, last = chance.choice(FIRST_NAMES), chance.choice(LAST_NAMES)
    department = _department(plan, number)
    lead = _lead(plan, number, department)
    path = _path(plan, number, department, lead)
    late = EARLY if number < ranks(plan.size.people).instructors.stop else EARLY * 3
    joined = plan.begin + late * chance.random()
    if late > EARLY and chance.random() < 0.35:
        joined = plan.begin + (plan.until - plan.begin) * chance.uniform(0.05, 0.97)
    return Person(
        number=number,
        id=person_id(plan, number),
        username=f"{_ascii(first)}.{_ascii(last)}.{plan.tag}{number}",
        full_name=f"{first} {last}",
        roles=_roles(plan, number),
        department=path[-1],
        department_id=plan.departments[path],
        administers=plan.departments[path] if number in ranks(plan.size.people).heads else None,
        job_role=chance.choice(DEPARTMENTS[_DEPARTMENTS[department]]),
        time_zone=chance.choice(TIME_ZONES),
        manager_id=_manager(plan, number, department, lead),
        joined=joined,
    )


def register(person: Person) -> Learner:
    """The person's account, with the decision to register it still to be recorded."""
    return Learner.register(
        id=person.id,
        username=person.username,
        email=f"{person.username}@example.com",
        full_name=person.full_name,
        roles=person.roles,
        time_zone=person.time_zone,
        department=person.department,
        department_id=person.department_id,
        job_role=person.job_role,
        manager_id=person.manager_id,
        at=person.joined,
    )


def tell_registration(story: Story, plan: Plan, person: Person) -> None:
    """Nobody registers the head of all, who registers everybody else."""
    by = person_id(plan, 0) if person.number else None
    learner = register(person)
    names = [
        UniqueName.claim(kind=kind, name=name, owner_id=person.id, at=person.joined)
        for kind, name in (("username", learner.username), ("email", learner.email))
    ]
    story.tell("RegisterLearner", by, person.joined, learner, *names)
    if grant_department(person, learner):
        at = learner.modified_on
        story.tell("ChangeRoles", by, at, learner, reason=HEADS)


def account(person: Person) -> Learner:
    """The account as it was when the person began to use it."""
    learner = register(person)
    grant_department(person, learner)
    learner.collect_events()
    return learner


def grant_department(person: Person, learner: Learner) -> bool:
    """Makes a head the admin of the department; whether it is one."""
    if person.administers is None:
        return False
    learner.change_roles(
        roles=[*person.roles, Role.DEPARTMENT_ADMIN],
        departments=[person.administers],
        reason=HEADS,
        at=person.joined + timedelta(minutes=5),
    )
    return True


def _roles(plan: Plan, number: int) -> list[Role]:
    rank = ranks(plan.size.people)
    if number == 0:
        return [Role.ADMIN, Role.MANAGER, Role.INSTRUCTOR]
    if number in rank.heads or number in rank.leads:
        return [Role.MANAGER]
    return [Role.INSTRUCTOR] if number in rank.instructors else [Role.EMPLOYEE]


def _department(plan: Plan, number: int) -> int:
    rank = ranks(plan.size.people)
    if not rank.heads:
        return 0
    if number in rank.heads or number in rank.leads:
        return (number - 1) % len(rank.heads)
    sizes = _DEPARTMENT_SIZES[: len(rank.heads)]
    return plan.chance("department", number).choices(range(len(rank.heads)), sizes)[0]


def _lead(plan: Plan, number: int, department: int) -> int | None:
    """The number of the team lead above somebody, one of their department."""
    rank = ranks(plan.size.people)
    if number == 0 or number in rank.heads or number in rank.leads or not rank.heads:
        return None
    leads = _leads(rank, department)
    return plan.chance("manager", number).choice(leads) if leads else None


def _leads(rank: Ranks, department: int) -> range:
    departments = len(rank.heads)
    first = rank.leads.start + (department + 1 - rank.leads.start) % departments
    return range(first, rank.leads.stop, departments)


def _manager(plan: Plan, number: int, department: int, lead: int | None) -> UUID | None:
    rank = ranks(plan.size.people)
    if number == 0:
        return None
    if number in rank.heads or not rank.heads:
        return person_id(plan, 0)
    return person_id(plan, rank.heads[department] if lead is None else lead)


def _path(plan: Plan, number: int, department: int, lead: int | None) -> Path:
    """Leads and their people are in the section that the lead leads, all others in none."""
    rank, name = ranks(plan.size.people), _DEPARTMENTS[department]
    leader = number if number in rank.leads else lead
    if leader is None:
        return (name,)
    sections = SECTIONS[name]
    return name, sections[_leads(rank, department).index(leader) % len(sections)]


def _ascii(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.replace("ı", "i")).encode("ascii", "ignore")
    return plain.decode().lower()
