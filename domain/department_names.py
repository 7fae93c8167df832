"""Departments by name: what a company's directory or a file calls them."""

from uuid import UUID

from domain.identity import canonical
from domain.organization import Organization


class DepartmentNames:
    """The departments that there are at one moment; none without an organization."""

    def __init__(self, organization: Organization | None) -> None:
        self._names = (
            {id: department.name for id, department in organization.departments.items()}
            if organization
            else {}
        )
        self._ids: dict[str, list[UUID]] = {}
        for id, name in self._names.items():
            self._ids.setdefault(canonical(name), []).append(id)

    def resolve(
        self, name: str | None, was: tuple[str | None, UUID | None]
    ) -> tuple[str | None, UUID | None]:
        """The department that is meant, by its name in the tree and its id.

        A name that no department has, or several have, stays a name without an id. Whoever says the
        same as before (`was`) changes nothing: a department may have got another name since.
        """
        if not name or not name.strip():
            return None, None
        former_name, former_id = was
        if former_id in self._names and canonical(name) == canonical(former_name or ""):
            return was
        ids = self._ids.get(canonical(name), [])
        return (self._names[ids[0]], ids[0]) if len(ids) == 1 else (name, None)
