"""Who joins and who leaves a group, as a PATCH says it: without a look at all the others."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from scim2_models import PatchOp, PatchOperation, Path, Resource, ResourceType
from scim2_models.path import CompareOperator, Comparison
from scim2_server.conditions import Conditions
from scim2_server.handler import ScimHandler

from edge.scim.service import DirectoryService
from write_api.scim.storage import DirectoryWriter


class DirectoryHandler(ScimHandler):
    """The library's handler, which would put a whole group together to change one member.

    `one_by_one`: members may be changed so. Who wants the group in the answer needs it as a whole.
    """

    def __init__(
        self, service: DirectoryService, storage: DirectoryWriter, *, one_by_one: bool
    ) -> None:
        super().__init__(service, storage)
        self._writer = storage
        self._one_by_one = one_by_one

    def patch_resource(
        self,
        resource_type: ResourceType,
        resource_id: str,
        patch_op: "PatchOp[Any]",
        conditions: Conditions,
    ) -> Resource[Any]:
        """See ScimHandler."""
        of_groups = resource_type.name == "Group"
        change = members_changed(patch_op) if of_groups and self._one_by_one else None
        if change is None:
            return super().patch_resource(resource_type, resource_id, patch_op, conditions)
        return self._writer.change_members(resource_id, change, conditions)


def members_changed(patch_op: "PatchOp[Any]") -> dict[UUID, bool] | None:
    """Who is to be a member (True) or not (False) by their ids; None when it says more than that,
    or says it in a form that the library must look at."""
    change: dict[UUID, bool] = {}
    for operation in patch_op.operations or ():
        ids = _members_of(operation)
        if not ids:
            return None
        change |= dict.fromkeys(ids, operation.op is PatchOperation.Op.add)
    return change


def _members_of(operation: PatchOperation[Any]) -> list[UUID] | None:
    path = operation.path
    if operation.op is PatchOperation.Op.replace_ or path is None:
        return None
    if (path.attr or "").lower() != "members":
        return None
    if path.value_filter is None:
        values = operation.value if isinstance(operation.value, list) else [operation.value]
        return _ids(value.get("value") for value in values if isinstance(value, dict))
    if operation.op is PatchOperation.Op.remove and operation.value is None:
        return _ids([_only_value(path)])
    return None


def _only_value(path: Path[Any]) -> object:
    """The id in `members[value eq "…"]`."""
    term = path.value_filter
    if not isinstance(term, Comparison) or term.op is not CompareOperator.eq:
        return None
    return term.value if str(term.attr_path).lower() == "value" else None


def _ids(texts: Iterable[object]) -> list[UUID] | None:
    try:
        return [UUID(str(text)) for text in texts]
    except ValueError:
        return None
