"""Which people and courses belong to a department: rows that keep it from being removed.

They stand beside the log because a department is removed only when it is empty, and two commands
at the same time, one that puts somebody into it and one that removes it, meet at no common stream.
They meet here, at a foreign key, in the transactions of their events.
"""

from collections.abc import Mapping
from enum import StrEnum
from uuid import UUID

from access.statement import Statement

IS_USED = "SELECT EXISTS (SELECT FROM access.placements WHERE department_id = %s)"


class Kind(StrEnum):
    """What it is that belongs to a department."""

    LEARNER = "learner"
    COURSE = "course"


def added_statement(department_id: UUID) -> Statement:
    """There is such a department from now on."""
    return "INSERT INTO access.departments (department_id) VALUES (%s)", (department_id,)


def removed_statement(department_id: UUID) -> Statement:
    """There is no such department any more; the foreign key refuses while it is used."""
    return "DELETE FROM access.departments WHERE department_id = %s", (department_id,)


def placed_statement(kind: Kind, id: UUID, department_id: UUID | None) -> Statement:
    """A person or a course belongs to this department from now on, or to none."""
    if department_id is None:
        return "DELETE FROM access.placements WHERE id = %s AND kind = %s", (id, str(kind))
    return (
        (
            "INSERT INTO access.placements (id, kind, department_id) VALUES (%s, %s, %s)"
            " ON CONFLICT (id) DO UPDATE SET department_id = excluded.department_id"
        ),
        (id, str(kind), department_id),
    )


def all_placed_statement(kind: Kind, departments: Mapping[UUID, UUID]) -> Statement:
    """The same for many new ones at once, each with its department."""
    return (
        (
            "INSERT INTO access.placements (id, kind, department_id)"
            " SELECT id, %s, department_id FROM unnest(%s::uuid[], %s::uuid[])"
            " AS new (id, department_id)"
        ),
        (str(kind), list(departments), list(departments.values())),
    )
