"""Read model: the tree of departments."""

from collections.abc import Iterable
from datetime import datetime

from domain.organization import Organization
from event_store.record import Record
from projections.projection import Projection, Statement, on


class OrganizationProjection(Projection):
    """Tables `department`, and `organization` with the version of the whole tree.

    Everything below a department has it in its `path`: `path @> ARRAY[id]`.
    """

    name = "organization"
    version = 1

    @on(Organization.Founded)
    def founded(self, event: Organization.Founded, record: Record) -> Iterable[Statement]:
        yield Statement(
            "INSERT INTO organization (id, updated_at, version) VALUES (%s, %s, %s)",
            (record.stream_id, event.timestamp, record.version),
        )

    @on(Organization.DepartmentAdded)
    def added(self, event: Organization.DepartmentAdded, record: Record) -> Iterable[Statement]:
        yield Statement(
            "INSERT INTO department (id, name, parent_id, path) SELECT %s, %s, %s,"
            " coalesce((SELECT path FROM department WHERE id = %s), '{}') || %s",
            (
                event.department_id,
                event.name,
                event.parent_id,
                event.parent_id,
                event.department_id,
            ),
        )
        yield _changed(event.timestamp, record)

    @on(Organization.DepartmentRenamed)
    def renamed(self, event: Organization.DepartmentRenamed, record: Record) -> Iterable[Statement]:
        yield Statement(
            "UPDATE department SET name = %s WHERE id = %s", (event.name, event.department_id)
        )
        yield _changed(event.timestamp, record)

    @on(Organization.DepartmentMoved)
    def moved(self, event: Organization.DepartmentMoved, record: Record) -> Iterable[Statement]:
        yield Statement(
            "UPDATE department SET parent_id = %s WHERE id = %s",
            (event.parent_id, event.department_id),
        )
        yield Statement(
            "UPDATE department SET path ="
            " coalesce((SELECT path FROM department WHERE id = %s), '{}')"
            " || path[array_position(path, %s):] WHERE path @> ARRAY[%s]",
            (event.parent_id, event.department_id, event.department_id),
        )
        yield _changed(event.timestamp, record)

    @on(Organization.DepartmentRemoved)
    def removed(self, event: Organization.DepartmentRemoved, record: Record) -> Iterable[Statement]:
        yield Statement("DELETE FROM department WHERE id = %s", (event.department_id,))
        yield _changed(event.timestamp, record)


def _changed(at: datetime, record: Record) -> Statement:
    return Statement(
        "UPDATE organization SET updated_at = %s, version = %s WHERE id = %s",
        (at, record.version, record.stream_id),
    )
