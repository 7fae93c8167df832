"""The OpenAPI 3.1 document of one API: what Litestar derives from the handlers, made whole.

Added are the problems that each operation can answer, which routes are open, and that commands
refuse unknown fields.
"""

import re
from collections.abc import Iterator
from http import HTTPMethod, HTTPStatus
from typing import Any

import msgspec
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme
from litestar.routes import HTTPRoute

from edge.authentication import OPEN
from edge.problem import MEDIA_TYPE
from edge.scim.openapi import SCIM, SEARCHES, TAKES_BODY, describe

Document = dict[str, Any]

THROTTLED = "throttled"
"""Handler option: `opt={"throttled": True}` documents 429."""
PROBLEMS = "problems"
"""Handler option: `opt={"problems": (409,)}` documents further statuses."""

RESPONSES = "responses"
"""Handler option: `opt={"responses": {400: ("OAuthError", {…})}}` documents errors in another form
than problems: the name that the response has among the document's components, and what it is."""
UPLOAD = "upload"
"""Handler option: `opt={"upload": True}` documents a body that is a CSV file, or has one."""

_PAGE = re.compile(r"Page_(?:.*\.)?(\w+?)_")
_SAFE = {HTTPMethod.GET, HTTPMethod.HEAD, HTTPMethod.OPTIONS}

_FIELD_ERROR = {
    "type": "object",
    "title": "FieldError",
    "required": ["field", "detail"],
    "properties": {
        "field": {"type": "string", "examples": ["lessons[0].title"]},
        "detail": {"type": "string"},
    },
}
_PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "What went wrong (RFC 9457).",
    "required": ["type", "title", "status", "detail", "instance", "correlation_id"],
    "properties": {
        "type": {"type": "string", "examples": ["/problems/course-is-empty"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "correlation_id": {"type": "string", "format": "uuid"},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldError"}},
    },
}


_UPLOADED = {
    "required": True,
    "content": {
        "text/csv": {"schema": {"type": "string"}},
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {"file": {"type": "string", "format": "binary"}},
            }
        },
    },
}


def openapi_config(title: str, version: str) -> OpenAPIConfig:
    """The configuration of Litestar's part of the document."""
    bearer = SecurityScheme(type="http", scheme="bearer", bearer_format="JWT")
    return OpenAPIConfig(
        title=title,
        version=version,
        use_handler_docstrings=True,
        components=Components(security_schemes={"bearer": bearer}),
        security=[{"bearer": []}],
    )


def document_of(app: Litestar) -> Document:
    """The whole document of an app that was made with `openapi_config`."""
    document: Document = msgspec.to_builtins(app.openapi_schema.to_schema(), str_keys=True)
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas |= {"Problem": _PROBLEM, "FieldError": _FIELD_ERROR}
    used: set[int] = set()
    scim: Document = {}
    for path, method, handler in _handlers(app):
        if operation := document["paths"].get(path, {}).get(method):
            used |= _complete(operation, method, handler)
            if handler.opt.get(UPLOAD):
                operation["requestBody"] = _UPLOADED
            if handler.opt.get(SCIM):
                scim |= describe(
                    operation,
                    takes_body=bool(handler.opt.get(TAKES_BODY)),
                    searches=bool(handler.opt.get(SEARCHES)),
                )
            _close(schemas, handler)
    problems = {_name(status): _problem_response(status) for status in sorted(used)}
    components["responses"] = problems | _other_responses(app) | scim
    return _with_plain_page_names(document)


def _with_plain_page_names(document: Document) -> Document:
    """Litestar calls a `Page[Course]` `Page_read_api.course.Course_`; here it is `CoursePage`."""
    renamed = {
        name: f"{match[1]}Page"
        for name in document["components"]["schemas"]
        if (match := _PAGE.fullmatch(name))
    }
    text = msgspec.json.encode(document).decode()
    for name, plain in renamed.items():
        text = text.replace(f'"{name}":', f'"{plain}":').replace(
            f'schemas/{name}"', f'schemas/{plain}"'
        )
    plainly_named: Document = msgspec.json.decode(text)
    return plainly_named


def _other_responses(app: Litestar) -> Document:
    """What handlers answer instead of problems, by its name."""
    return {
        name: response
        for _, _, handler in _handlers(app)
        for name, response in handler.opt.get(RESPONSES, {}).values()
    }


def _handlers(app: Litestar) -> Iterator[tuple[str, str, HTTPRouteHandler]]:
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                for method in handler.http_methods:
                    yield route.path_format, str(method).lower(), handler


def _complete(operation: Document, method: str, handler: HTTPRouteHandler) -> set[int]:
    is_open = handler.opt.get(OPEN) is True
    if is_open:
        operation["security"] = []
    for parameter in operation.get("parameters", ()):
        parameter["schema"] = _present(parameter["schema"])
    responses = operation["responses"]
    responses.pop("400", None)  # Litestar's own form of it
    if _has_parameter(operation, "header", "If-None-Match"):
        responses["304"] = {"description": "The caller has this version already."}
    if method.upper() not in _SAFE and not is_open:
        _document_headers(responses)
    if _has_parameter(operation, "header", "Accept-Language"):
        headers = responses["200"].setdefault("headers", {})
        headers["Content-Language"] = _header("The language that the answer is in.")
        headers["Vary"] = _header("Accept-Language: another language is another answer.")
    statuses = problem_statuses(operation, method, handler.opt)
    for status in statuses:
        responses[str(status)] = {"$ref": f"#/components/responses/{_name(status)}"}
    for status, (name, _) in handler.opt.get(RESPONSES, {}).items():
        responses[str(status)] = {"$ref": f"#/components/responses/{name}"}
    return statuses


def _present(schema: Document) -> Document:
    """A parameter is there or it isn't; a null can't be sent in a path, query or header."""
    null = {"type": "null"}
    choices = schema.get("oneOf", ())
    if null not in choices:
        return schema
    others = [choice for choice in choices if choice != null]
    rest = {name: value for name, value in schema.items() if name != "oneOf"}
    return rest | (others[0] if len(others) == 1 else {"oneOf": others})


def problem_statuses(operation: Document, method: str, opt: dict[str, Any]) -> set[int]:
    """The statuses of 400 and more that an operation can answer, by what it takes."""
    statuses = {503, *opt.get(PROBLEMS, ())}
    parameters = operation.get("parameters", ())
    places = {parameter["in"] for parameter in parameters}
    has_body = "requestBody" in operation
    is_command = method.upper() not in _SAFE
    rules = {
        400: has_body or bool(places - {"path"}),
        401: opt.get(OPEN) is not True,
        403: opt.get(OPEN) is not True,
        404: "path" in places or (is_command and has_body),
        409: is_command,
        412: _has_parameter(operation, "header", "If-Match"),
        413: has_body,
        415: has_body,
        422: is_command or "query" in places or "path" in places,
        429: opt.get(THROTTLED) is True,
    }
    return statuses | {status for status, applies in rules.items() if applies}


def _has_parameter(operation: Document, place: str, name: str) -> bool:
    return any(
        parameter["in"] == place and parameter["name"].lower() == name.lower()
        for parameter in operation.get("parameters", ())
    )


def _document_headers(responses: Document) -> None:
    """What every command answers besides its body."""
    for status in responses.keys() & {"200", "201"}:
        headers = responses[status].setdefault("headers", {})
        headers["Lms-Position"] = _header("Send it as `Lms-Min-Position` to read what was written.")
        headers["ETag"] = _header("The version of the stream, for `If-Match`.")
        if status == "201":
            headers["Location"] = _header("Where what was created is.")


def _header(description: str) -> Document:
    return {"description": description, "schema": {"type": "string"}}


def _name(status: int) -> str:
    return "".join(word.capitalize() for word in HTTPStatus(status).name.split("_"))


def _problem_response(status: int) -> Document:
    headers = {}
    if status in {429, 503}:
        headers["Retry-After"] = _header("Seconds to wait before asking again.")
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = _header("How to authenticate: Bearer.")
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    response: Document = {"description": HTTPStatus(status).phrase, "content": content}
    return response | ({"headers": headers} if headers else {})


def _close(schemas: Document, handler: HTTPRouteHandler) -> None:
    """Say of each struct in a body that refuses unknown fields that it does."""
    data = handler.parsed_fn_signature.parameters.get("data")
    if data is None:
        return
    for struct in _structs(msgspec.inspect.type_info(data.annotation), set()):
        if struct.__struct_config__.forbid_unknown_fields and struct.__name__ in schemas:
            schemas[struct.__name__]["additionalProperties"] = False


def _structs(node: object, seen: set[type]) -> Iterator[type[msgspec.Struct]]:
    """Walk msgspec's description of a type, down to every struct in it."""
    if isinstance(node, msgspec.inspect.StructType):
        if node.cls in seen:
            return
        seen.add(node.cls)
        yield node.cls
    if isinstance(node, tuple):
        parts: tuple[object, ...] = node
    elif isinstance(node, msgspec.inspect.Type | msgspec.inspect.Field):
        parts = tuple(getattr(node, name) for name in node.__struct_fields__)
    else:
        return
    for part in parts:
        yield from _structs(part, seen)
