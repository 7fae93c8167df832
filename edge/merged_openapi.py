"""One OpenAPI document of two: clients see one tree of resources, not a write and a read API."""

from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any

from edge.openapi import Document
from edge.routes import PARAMETER, Routes


class OpenAPIConflict(Exception):
    """Two documents say different things under one name."""


def merge(documents: Mapping[str, Document], *, title: str, version: str) -> Document:
    """Merge the documents of the APIs, by the API's name. The same input gives the same output.

    Raises OpenAPIConflict: a component with two meanings, an operation or operation id given twice,
    or one path whose parameters have two names.
    """
    paths: Document = {}
    components: dict[str, Document] = {}
    for name, document in sorted(documents.items()):
        _merge_paths(paths, document.get("paths", {}), name)
        _merge_components(components, document.get("components", {}), name)
    _check_templates(paths)
    _check_operation_ids(paths)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "paths": dict(sorted((_own_paths() | paths).items())),
        "components": {kind: dict(sorted(of.items())) for kind, of in sorted(components.items())},
    }


def _merge_paths(paths: Document, more: Document, name: str) -> None:
    for path, item in more.items():
        known = paths.setdefault(path, {})
        for key, value in item.items():
            if key in known:
                raise OpenAPIConflict(f"{key.upper()} {path} of {name} is there already.")
            known[key] = value


def _merge_components(components: dict[str, Document], more: Document, name: str) -> None:
    for kind, of_kind in more.items():
        known = components.setdefault(kind, {})
        for key, value in of_kind.items():
            if known.setdefault(key, value) != value:
                raise OpenAPIConflict(f"{kind}/{key} of {name} differs from the other API's.")


def _check_templates(paths: Iterable[str]) -> None:
    seen: dict[str, str] = {}
    for path in paths:
        other = seen.setdefault(PARAMETER.sub("{}", path), path)
        if other != path:
            raise OpenAPIConflict(f"{path} and {other} are one path with differing names.")


def _check_operation_ids(paths: Document) -> None:
    seen: set[str] = set()
    for method, path, operation in _operations(paths):
        operation_id = operation.get("operationId", f"{method} {path}")
        if operation_id in seen:
            raise OpenAPIConflict(f"{operation_id} of {method} {path} is an operation already.")
        seen.add(operation_id)


def _operations(paths: Document) -> Iterator[tuple[str, str, Document]]:
    for path, item in paths.items():
        for method, operation in item.items():
            if isinstance(operation, dict):
                yield method.upper(), path, operation


def routes_in(document: Document) -> Routes:
    """The routes that a document has."""
    methods: dict[str, set[str]] = {}
    for method, path, _ in _operations(document["paths"]):
        methods.setdefault(path, set()).add(method)
    return Routes(methods)


def _own_paths() -> Document:
    """What the gateway answers itself."""
    not_ready = {"$ref": "#/components/responses/ServiceUnavailable"}
    ready = _open("GetReadiness", "Whether everything needed is ready; a 503 names what isn't.")
    ready["responses"]["503"] = not_ready
    return {
        "/health/live": {"get": _open("GetLiveness", "Whether the process runs.")},
        "/health/ready": {"get": ready},
    }


def _open(operation_id: str, summary: str) -> Document:
    health = {
        "type": "object",
        "required": ["status"],
        "properties": {
            "status": {"type": "string"},
            "parts": {"type": "array", "items": {"type": "string"}},
        },
    }
    answer: dict[str, Any] = {
        "description": HTTPStatus.OK.description,
        "content": {"application/json": {"schema": health}},
    }
    return {
        "operationId": operation_id,
        "summary": summary,
        "security": [],
        "responses": {"200": answer},
    }
