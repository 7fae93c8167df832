"""What the OpenAPI document says of SCIM's routes: bodies and errors of a form of their own."""

from typing import Any, Final

from edge.scim.error import MEDIA_TYPE, SCHEMA

SCIM: Final = "scim"
"""Handler option: `opt={"scim": True}` marks a route whose bodies are SCIM's."""
TAKES_BODY: Final = "takes_body"
"""Handler option: the route takes a SCIM message, which the library reads."""
SEARCHES: Final = "searches"
"""Handler option: that message is a search."""

_ERROR: Final = {
    "type": "object",
    "required": ["schemas", "status"],
    "properties": {
        "schemas": {"type": "array", "items": {"const": SCHEMA}},
        "status": {"type": "string", "examples": ["409"]},
        "scimType": {"type": "string", "examples": ["uniqueness"]},
        "detail": {"type": "string"},
    },
}
_RESOURCE: Final = {"type": "object", "required": ["schemas"]}
_TEXT: Final = {"type": ["string", "null"]}
_NAMES: Final = {"type": ["array", "null"], "items": {"type": "string"}}
_SEARCH: Final = {
    "type": "object",
    "properties": {
        "attributes": _NAMES,
        "excludedAttributes": _NAMES,
        "filter": _TEXT,
        "sortBy": _TEXT,
        "sortOrder": {"enum": ["ascending", "descending", None]},
        "startIndex": {"type": ["integer", "null"]},
        "count": {"type": ["integer", "null"]},
        "cursor": _TEXT,
    },
}
"""RFC 7644, 3.4.3; who leaves out `schemas` is understood too."""


def describe(
    operation: dict[str, Any], *, takes_body: bool, searches: bool = False
) -> dict[str, Any]:
    """Writes SCIM's media type and forms into an operation whose other parts are complete.

    Returns the components that it refers to: a response for each error.
    """
    errors = {}
    for status, response in operation["responses"].items():
        if "$ref" in response or int(status) >= 400:
            name = f"Scim{status}"
            operation["responses"][status] = {"$ref": f"#/components/responses/{name}"}
            errors[name] = {
                "description": f"SCIM error {status}.",
                "content": {MEDIA_TYPE: {"schema": _ERROR}},
            }
        elif status in {"200", "201"}:
            response["content"] = {MEDIA_TYPE: {"schema": _RESOURCE}}
    if takes_body:
        operation["requestBody"] = {
            "required": True,
            "content": {MEDIA_TYPE: {"schema": _SEARCH if searches else _RESOURCE}},
        }
    return errors
