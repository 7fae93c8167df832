"""How what the SCIM library raises is told over HTTP."""

from scim2_models import SCIMException
from scim2_server.errors import MethodNotAllowedException

from edge.problem import Fault, FaultTable


def _fault(error: SCIMException) -> Fault:
    status = error.status or 400
    headers = {}
    if isinstance(error, MethodNotAllowedException):
        headers["Allow"] = ", ".join(error.allowed)
    return Fault(
        status=status,
        code="scim-refused",
        detail=error.detail or str(error),
        scim_type=error.scim_type or None,
        headers=headers,
    )


SCIM_FAULTS: FaultTable = {SCIMException: _fault}
