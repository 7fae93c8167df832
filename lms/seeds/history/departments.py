"""The departments of the organisation, with their sections: a part of the tree that is there."""

from collections.abc import Iterator
from typing import Final
from uuid import UUID

import msgspec

from domain.identity import canonical
from domain.organization import Organization
from lms.seeds.history.plan import Path, Plan
from lms.seeds.history.story import Act, Story
from lms.seeds.history.words import SECTIONS

PATHS: Final[tuple[Path, ...]] = (
    *((name,) for name in SECTIONS),
    *((name, section) for name, sections in SECTIONS.items() for section in sections),
)
"""All of them, by their names from the top down; no section comes before its department."""


def settled(plan: Plan, organization: Organization) -> tuple[Plan, list[Act]]:
    """The plan with its departments, and how those came about that the tree didn't have.

    Departments of the same name in the same place are taken as they are: a history is about the
    people of this organisation, not of another one beside it.
    """
    story = Story(plan.chance("departments", organization.version), {}, plan.until)
    found = dict(_paths(organization))
    ids: dict[Path, UUID] = {}
    for path in PATHS:
        known = found.get(tuple(map(canonical, path)))
        ids[path] = known or plan.id("department", *path)
        if known is None:
            organization.add(
                department_id=ids[path],
                name=path[-1],
                parent_id=ids.get(path[:-1]),
                at=plan.begin,
            )
            story.tell("AddDepartment", None, plan.begin, organization)
    return msgspec.structs.replace(plan, departments=ids), story.acts


def _paths(organization: Organization) -> Iterator[tuple[Path, UUID]]:
    for id, department in organization.departments.items():
        if department.parent_id is None:
            yield (canonical(department.name),), id
        else:
            above = organization.departments[department.parent_id]
            if above.parent_id is None:
                yield (canonical(above.name), canonical(department.name)), id
