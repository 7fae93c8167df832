"""What the frameworks below us raise, told as faults: Litestar, msgspec, Postgres."""

import re
from http import HTTPStatus
from typing import Any

import msgspec
import psycopg
from litestar.exceptions import HTTPException, ValidationException

from edge.problem import Fault, FaultTable, FieldError, ProblemError, unavailable

_PATH = re.compile(r" - at `(?:key in )?\$\.?(?P<path>[^`]*)`$")
_NAMED_FIELD = re.compile(r"(?:required|unknown) field `(?P<field>[^`]*)`")
_MISSING_PARAMETER = re.compile(r"Missing required (?P<source>\w+) parameter '(?P<name>[^']*)'")
_PLACES = {"header", "cookie"}

_CODES = {
    400: "malformed-request",
    401: "not-authenticated",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    413: "body-too-large",
    415: "unsupported-media-type",
    429: "too-many-requests",
    503: "unavailable",
}


def invalid(*errors: FieldError) -> Fault:
    """A 422 that names the fields at fault."""
    detail = "; ".join(f"{error.field}: {error.detail}" for error in errors)
    return Fault(status=422, code="validation-failed", detail=detail, errors=errors)


def malformed_header(name: str, detail: str) -> Fault:
    """A 400 for a header that doesn't have the form it must have."""
    return Fault(
        status=400,
        code="malformed-header",
        detail=f"{name}: {detail}",
        errors=(FieldError(name, detail),),
    )


def field_error(message: str) -> FieldError:
    """Read msgspec's sentence: ``Expected `str`, got `int` - at `$.lessons[0].title` ``."""
    match = _PATH.search(message)
    path = match["path"] if match else ""
    detail = message[: match.start()] if match else message
    if named := _NAMED_FIELD.search(detail):
        path = f"{path}.{named['field']}" if path else named["field"]
    return FieldError(path or "body", detail)


def _of_validation(error: msgspec.ValidationError) -> Fault:
    return invalid(field_error(str(error)))


def _of_malformed(error: msgspec.DecodeError) -> Fault:
    return Fault(status=400, code="malformed-json", detail=str(error))


def _of_parameters(error: ValidationException) -> Fault:
    """Litestar checks headers, query and path parameters; bodies are checked as they are read."""
    if missing := _MISSING_PARAMETER.search(error.detail):
        found = [(missing["source"], FieldError(missing["name"], "It is required."))]
    else:
        found = [_parameter_error(extra) for extra in error.extra or ()]
    if not found:
        return Fault(status=422, code="validation-failed", detail=error.detail)
    for source, field in found:
        if source in _PLACES:
            return malformed_header(field.field, field.detail)
    return invalid(*(field for _, field in found))


def _parameter_error(extra: Any) -> tuple[str, FieldError]:
    key, message = str(extra.get("key", "body")), str(extra.get("message", ""))
    if key == "data":
        # The only fault of a body that isn't found as it is read: there is none.
        return "body", FieldError("body", "It is required.")
    return str(extra.get("source", "")), FieldError(key, message)


def _of_http(error: HTTPException) -> Fault:
    status = error.status_code
    phrase = HTTPStatus(status).phrase
    detail = error.detail if error.detail and status < HTTPStatus.INTERNAL_SERVER_ERROR else phrase
    headers = dict(error.headers or {})
    if status in {429, 503}:
        headers.setdefault("Retry-After", "1")
    if status == HTTPStatus.UNAUTHORIZED:
        headers.setdefault("WWW-Authenticate", "Bearer")
    code = _CODES.get(status, "internal-error")
    return Fault(status=status, code=code, detail=detail, headers=headers)


def _of_database(_: psycopg.OperationalError) -> Fault:
    return unavailable("database-unavailable", "The database can't be reached just now.")


STANDARD_FAULTS: FaultTable = {
    ProblemError: lambda error: error.fault,
    msgspec.ValidationError: _of_validation,
    msgspec.DecodeError: _of_malformed,
    ValidationException: _of_parameters,
    HTTPException: _of_http,
    # Pool time-outs, lost connections, statement time-outs and deadlocks are all of this class.
    psycopg.OperationalError: _of_database,
}
