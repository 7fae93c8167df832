"""What commands write beside the log, in the transactions of the events that a history has too."""

from collections.abc import Iterable
from typing import Any

from access.administrators import administrator_statement
from access.placements import Kind, added_statement, all_placed_statement
from access.statement import Statement
from domain.learner import Learner
from domain.organization import Organization
from domain.roles import Role


def statements(events: Iterable[Any]) -> list[Statement]:
    """Which departments there are, who belongs to them, and who is an administrator."""
    beside: list[Statement] = []
    placed = {}
    for event in events:
        if isinstance(event, Organization.DepartmentAdded):
            beside.append(added_statement(event.department_id))
        elif isinstance(event, Learner.Registered):
            if event.department_id is not None:
                placed[event.originator_id] = event.department_id
            if Role.ADMIN in event.roles:
                beside.append(administrator_statement(event.originator_id, is_one=True))
    return [*beside, all_placed_statement(Kind.LEARNER, placed)] if placed else beside
