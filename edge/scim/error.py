"""Errors below /scim/v2 have SCIM's own form (RFC 7644, 3.12), wherever they are found."""

from typing import Final

import msgspec

SCHEMA: Final = "urn:ietf:params:scim:api:messages:2.0:Error"
MEDIA_TYPE: Final = "application/scim+json"
PREFIX: Final = "/scim/"


def is_scim(path: str) -> bool:
    """Whether who asks for this path expects SCIM."""
    return path.startswith(PREFIX)


def scim_error(status: int, detail: str, scim_type: str | None = None) -> bytes:
    """The body of such an error; what isn't well-formed is told as SCIM tells it."""
    kind = {} if scim_type is None else {"scimType": scim_type}
    return msgspec.json.encode(
        {"schemas": [SCHEMA], "status": str(status), **kind, "detail": detail}
    )
