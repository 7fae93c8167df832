"""Reading a JSON body strictly: decoded once, straight into the type that the handler declares.

Litestar would decode to plain values first and convert those leniently (`"5"` for a number), so it
could tell neither malformed JSON from a wrong field nor a number from a string.
"""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any, Generic, TypeVar

import msgspec
from litestar import Request
from litestar.datastructures import State

from edge.faults import invalid
from edge.problem import Fault, FieldError, ProblemError

User = TypeVar("User")
Auth = TypeVar("Auth")

NUL = "\x00"


class EdgeRequest(Request[User, Auth, State], Generic[User, Auth]):
    """A request whose JSON body is decoded strictly, and holds nothing that can't be stored."""

    _decoded: Any = msgspec.UNSET

    async def json(self) -> Any:
        """Decode the body into the type of the handler's `data`.

        Raises:
            ProblemError: 415 when it isn't JSON by its media type, 400 when it isn't by its form,
                422 when it doesn't fit the type or has a character that no text may have.
        """
        if self._decoded is msgspec.UNSET:
            body = await self.body()
            _require_json(self.headers.get("content-type", ""))
            data = self.route_handler.parsed_fn_signature.parameters.get("data")
            self._decoded = decode_strictly(body, Any if data is None else data.annotation)
        return self._decoded


def decode_strictly(body: bytes, shape: Any) -> Any:
    """Decode a JSON text into `shape`.

    Raises ProblemError, 400 or 422 as above, or msgspec.ValidationError, which is a 422 too.
    """
    try:
        decoded = _decode(body, shape)
        # Only an escape can bring NUL in: as it stands it isn't JSON.
        unstorable = _unstorable(json.loads(body)) if b"\\u0000" in body else []
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProblemError(_fault_of_text(body, error)) from error
    if unstorable:
        raise ProblemError(invalid(*unstorable))
    return decoded


def _decode(body: bytes, shape: Any) -> Any:
    try:
        return _decoder(shape).decode(body)
    except msgspec.ValidationError:
        # JSON has one kind of number: 5.0 is an integer (JSON Schema 2020-12, core 4.2.3).
        if b"." not in body:
            raise
    return msgspec.convert(_with_integers(msgspec.json.decode(body)), shape)


@cache
def _decoder(shape: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(shape)


def _require_json(content_type: str) -> None:
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type == "application/json" or media_type.endswith("+json"):
        return
    raise ProblemError(
        Fault(
            status=415,
            code="unsupported-media-type",
            detail="The body must be JSON and say so: Content-Type: application/json.",
            headers={"Accept": "application/json"},
        )
    )


def _fault_of_text(body: bytes, error: Exception) -> Fault:
    """Half of a surrogate pair is a fault of one field; all else makes the text no JSON."""
    try:
        fields = _unstorable(json.loads(body))
    except (ValueError, RecursionError):
        fields = []
    if fields:
        return invalid(*fields)
    detail = "It is nested too deeply." if isinstance(error, RecursionError) else str(error)
    return Fault(status=400, code="malformed-json", detail=f"The body isn't JSON: {detail}")


def _with_integers(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_with_integers(item) for item in value]
    if isinstance(value, dict):
        return {name: _with_integers(item) for name, item in value.items()}
    return value


def _unstorable(value: Any) -> list[FieldError]:
    return [
        FieldError(path or "body", "It has a character that no text may have: NUL or a surrogate.")
        for path, text in _texts(value, "")
        if NUL in text or any("\ud800" <= char <= "\udfff" for char in text)
    ]


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every string in a JSON value, names of members too, with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, f"{path}[{index}]")
    elif isinstance(value, dict):
        for name, item in value.items():
            member = f"{path}.{name}" if path else name
            yield path, name
            yield from _texts(item, member)
