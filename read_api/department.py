"""How queries deal with departments: a name that is current, and everything below one."""

from uuid import UUID

from read_api.condition import TRUE, Condition

NAME = """coalesce(
    (SELECT name FROM read_models.department WHERE department.id = department_id), department
) AS department"""
"""SQL: the name that a row's department has now; that of one the tree doesn't know as it was."""

BELOW = """department_id = ANY(ARRAY(
    SELECT id FROM read_models.department WHERE path @> ARRAY[%s]::uuid[]))"""
"""SQL: whether a row belongs to a department or to one below it."""

CALLED = """(department_id IS NULL AND department = %s
    OR department_id = ANY(ARRAY(SELECT id FROM read_models.department WHERE name = %s)))"""


def in_department(name: str | None, id: UUID | None) -> tuple[Condition, Condition]:
    """The rows whose department has this name, and those at or below this one; None: any."""
    called = TRUE if name is None else Condition(CALLED, (name, name))
    return called, TRUE if id is None else Condition(BELOW, (id,))
