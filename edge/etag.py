"""Versions as entity tags: `ETag: "7"` is the stream's version 7 (RFC 9110, 8.8 and 13.1).

The same version may read in several ways: `"7-de"` is version 7 in German.
"""

import re
from collections.abc import Mapping
from typing import Annotated, TypeVar, cast

from litestar import Response
from litestar.params import HeaderParameter

from edge.faults import malformed_header
from edge.problem import Fault, ProblemError

T = TypeVar("T")

_TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
_ONE_TAG = re.compile(_TAG)
_TAGS = re.compile(rf"{_TAG}(?:[ \t]*,[ \t]*{_TAG})*")
_VERSION_TAG = re.compile(r'"([1-9][0-9]{0,17})(?:-[A-Za-z0-9.-]+)?"')

IfMatch = Annotated[
    str | None,
    HeaderParameter(
        name="If-Match",
        description='Carry the command out only at this version, the last `ETag`: `"7"`.',
        schema_extra={"pattern": r'^(\*|"[1-9][0-9]{0,17}(-[A-Za-z0-9.-]+)?")$'},
    ),
]
IfNoneMatch = Annotated[
    str | None,
    HeaderParameter(
        name="If-None-Match",
        description="Answer 304 without a body while the `ETag` is still one of these.",
    ),
]


def etag(version: int, variant: str = "") -> str:
    """The entity tag of a version, or of one of the ways in which it reads."""
    return f'"{version}-{variant}"' if variant else f'"{version}"'


def expected_version(if_match: str | None) -> int | None:
    """Read `If-Match` as the version that a command expects; None when any will do.

    In whatever language a version was read, it is that version.

    `*` asks only that the resource exists, which every command on one asks anyway. A well-formed
    tag that can't be a version, a weak one too (the comparison is strong), matches nothing: 412.
    Raises ProblemError: 400 for what isn't an entity tag, and for several at once.
    """
    if if_match is None or (value := if_match.strip(" \t")) == "*":
        return None
    if not _TAGS.fullmatch(value):
        raise ProblemError(malformed_header("If-Match", 'It must be like "7", with the quotes.'))
    if len(_ONE_TAG.findall(value)) > 1:
        raise ProblemError(malformed_header("If-Match", "A command expects one version only."))
    if version := _VERSION_TAG.fullmatch(value):
        return int(version[1])
    raise ProblemError(
        Fault(
            status=412,
            code="version-mismatch",
            detail=f"No version has the entity tag {value}.",
        )
    )


def is_unmodified(if_none_match: str | None, version: int, variant: str = "") -> bool:
    """Whether the caller already has this version. What isn't a list of tags is ignored."""
    if if_none_match is None:
        return False
    value = if_none_match.strip(" \t")
    if value == "*":
        return True
    if not _TAGS.fullmatch(value):
        return False
    tags = _ONE_TAG.findall(value)
    return any(tag.removeprefix("W/") == etag(version, variant) for tag in tags)


def conditional(
    body: T,
    version: int,
    if_none_match: str | None,
    *,
    variant: str = "",
    headers: Mapping[str, str] | None = None,
) -> Response[T]:
    """Answer a read: 200 with the body and its `ETag`, or 304 without a body."""
    headers = {**(headers or {}), "ETag": etag(version, variant)}
    if is_unmodified(if_none_match, version, variant):
        return Response(content=cast("T", None), status_code=304, headers=headers)
    return Response(content=body, headers=headers)
