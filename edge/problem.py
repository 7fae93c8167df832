"""RFC 9457 problem details: the one form in which anything that goes wrong is answered.

A `Fault` says what is wrong, whatever the request; a problem is a fault told to one caller:
`{"type": "/problems/<code>", "title", "status", "detail", "instance", "correlation_id"}`, with
`"errors": [{"field", "detail"}]` where fields are at fault.
"""

import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Protocol

import msgspec
from litestar import Request, Response
from litestar.types import ExceptionHandlersMap, Scope, Send

from edge.correlation import current_caller
from edge.scim.error import MEDIA_TYPE as SCIM_MEDIA_TYPE
from edge.scim.error import is_scim, scim_error
from edge.secret_path import shown

MEDIA_TYPE = "application/problem+json"

log = logging.getLogger(__name__)


class FieldError(msgspec.Struct, frozen=True):
    """What is wrong with one field; `field` is a path such as `lessons[0].title`."""

    field: str
    detail: str


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong: `code` is stable and kebab-case, `detail` a sentence for the caller."""

    status: int
    code: str
    detail: str
    errors: tuple[FieldError, ...] = ()
    headers: Mapping[str, str] = {}
    scim_type: str | None = None


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of an answer with a status of 400 or more."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    correlation_id: str
    errors: tuple[FieldError, ...] = ()


class ProblemError(Exception):
    """A fault of the request that is found at the edge itself."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.detail)
        self.fault = fault


class Refusal(Protocol):
    """An exception that knows its own code and sentence; it may have a `field` too."""

    code: str
    detail: str


Describe = Callable[[Any], Fault]
FaultTable = Mapping[type[Exception], Describe]
"""How exceptions become faults; the entry of the nearest class in the exception's MRO counts."""

UNEXPECTED = Fault(
    status=500,
    code="internal-error",
    detail="Something went wrong on our side. The correlation id finds it in our logs.",
)


def described(status: int, *, retry_after: int | None = None) -> Describe:
    """Make an entry for exceptions that have `code` and `detail` (and `field`) themselves."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}

    def fault(refusal: Refusal) -> Fault:
        field = getattr(refusal, "field", None)
        errors = () if field is None else (FieldError(field, refusal.detail),)
        return Fault(
            status=status,
            code=refusal.code,
            detail=refusal.detail,
            errors=errors,
            headers=headers,
        )

    return fault


def unavailable(code: str, detail: str, *, retry_after: int = 1) -> Fault:
    """A 503: the caller did nothing wrong and may repeat after `retry_after` seconds."""
    return Fault(status=503, code=code, detail=detail, headers={"Retry-After": str(retry_after)})


def fault_of(error: Exception, table: FaultTable) -> Fault:
    """Look the exception up; what isn't in the table is a 500 that tells the caller nothing."""
    for cls in type(error).__mro__:
        if describe := table.get(cls):
            return describe(error)
    return UNEXPECTED


def media_type_of(scope: Scope) -> str:
    """In which form somebody who asks for this path is told what is wrong."""
    return SCIM_MEDIA_TYPE if is_scim(scope["path"]) else MEDIA_TYPE


def told(fault: Fault, scope: Scope) -> Fault:
    """The fault with the status that it has for who asks for this path: SCIM knows no 422."""
    if is_scim(scope["path"]) and fault.status == HTTPStatus.UNPROCESSABLE_ENTITY:
        scim_type = fault.scim_type or "invalidValue"
        return msgspec.structs.replace(fault, status=400, scim_type=scim_type)
    return fault


def problem_body(fault: Fault, scope: Scope) -> bytes:
    """Encode the fault as the problem that this request has."""
    if is_scim(scope["path"]):
        return scim_error(fault.status, fault.detail, fault.scim_type)
    return msgspec.json.encode(
        Problem(
            type=f"/problems/{fault.code}",
            title=fault.code.replace("-", " ").capitalize(),
            status=fault.status,
            detail=fault.detail,
            instance=_instance(scope),
            correlation_id=str(current_caller().correlation_id),
            errors=fault.errors,
        )
    )


def _instance(scope: Scope) -> str:
    path: str = scope["path"]
    if shown(path) != path:
        return shown(path)
    return (scope.get("raw_path") or path.encode()).decode("ascii", "replace")


def problem_handlers(table: FaultTable) -> ExceptionHandlersMap:
    """Make Litestar's `exception_handlers` of a table."""

    def answer(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
        fault = told(fault_of(error, table), request.scope)
        if fault.status == UNEXPECTED.status:
            log_unexpected(error, request.scope)
        return Response(
            content=problem_body(fault, request.scope),
            status_code=fault.status,
            media_type=media_type_of(request.scope),
            headers=dict(fault.headers),
        )

    return {Exception: answer}


def log_unexpected(error: BaseException, scope: Scope) -> None:
    """Log what the caller isn't told, under the correlation id that the caller is told."""
    log.error(
        "%s %s failed",
        scope.get("method"),
        shown(scope["path"]),
        exc_info=error,
        extra={"correlation_id": str(current_caller().correlation_id)},
    )


async def send_problem(fault: Fault, scope: Scope, send: Send) -> None:
    """Answer a fault without Litestar, over plain ASGI. The correlation middleware adds its id."""
    fault = told(fault, scope)
    body = problem_body(fault, scope)
    headers = [
        (b"content-type", media_type_of(scope).encode()),
        (b"content-length", str(len(body)).encode()),
        *((name.lower().encode(), value.encode()) for name, value in fault.headers.items()),
    ]
    await send({"type": "http.response.start", "status": fault.status, "headers": headers})
    if scope.get("method") == "HEAD":
        body = b""
    await send({"type": "http.response.body", "body": body, "more_body": False})
