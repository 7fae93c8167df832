"""Between Litestar's requests and answers and those of the SCIM library."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from litestar import Request, Response
from litestar.params import QueryParameter
from scim2_models import InvalidValueException
from scim2_server.requests import ScimRequest
from scim2_server.responses import ScimResponse

from edge.scim.service import MEDIA_TYPE, PREFIX, DirectoryService

Query = dict[str, str]


async def request_of(
    request: Request[Any, Any, Any], service: DirectoryService, query: Query | None = None
) -> ScimRequest:
    """The request as the library takes it, with who asks as its subject."""
    return ScimRequest(
        method=request.method,
        base_url=service.base_url,
        path=request.scope["path"].removeprefix(PREFIX),
        query=query or {},
        headers=[(name, value) for name, value in request.headers.multi_items()],
        body=await request.body(),
        subject=request.scope["user"],
    )


def response_of(answer: ScimResponse) -> Response[bytes]:
    """The library's answer as Litestar sends it."""
    headers = {name: value for name, value in answer.headers.items() if name != "Content-Type"}
    body = b"" if answer.body is None else msgspec.json.encode(answer.body, enc_hook=str)
    return Response(body, status_code=int(answer.status), media_type=MEDIA_TYPE, headers=headers)


def _parameter(name: str, description: str, **limits: Any) -> QueryParameter:
    return QueryParameter(name=name, description=description, **limits)


Attributes = Annotated[
    str | None, _parameter("attributes", "The only attributes to answer, separated by commas.")
]
ExcludedAttributes = Annotated[
    str | None, _parameter("excludedAttributes", "Attributes not to answer, separated by commas.")
]


async def narrowing(
    attributes: Attributes = None, excluded_attributes: ExcludedAttributes = None
) -> Query:
    """The dependency `narrowing`: which attributes of a resource are asked for."""
    return _given(attributes=attributes, excludedAttributes=excluded_attributes)


def _must_be_a_number(query: Mapping[str, str], name: str) -> None:
    """`null` is no number, though it reads as one that isn't given."""
    if query.get(name) == "null":
        raise InvalidValueException(detail=f"{name} must be a number.")


async def searching(
    request: Request[Any, Any, Any],
    attributes: Attributes = None,
    excluded_attributes: ExcludedAttributes = None,
    filter: Annotated[
        str | None,
        _parameter("filter", 'A filter of RFC 7644: `userName sw "j" and active eq true`.'),
    ] = None,
    sort_by: Annotated[str | None, _parameter("sortBy", "The attribute to sort by.")] = None,
    sort_order: Annotated[
        str | None, _parameter("sortOrder", "`ascending`, as without it, or `descending`.")
    ] = None,
    start_index: Annotated[
        int | None, _parameter("startIndex", "The number of the first result, from 1.")
    ] = None,
    count: Annotated[int | None, _parameter("count", "How many results to answer at most.")] = None,
    cursor: Annotated[
        str | None, _parameter("cursor", "Empty for the first page, then `nextCursor`.")
    ] = None,
) -> Query:
    """The dependency `searching`: what is looked for."""
    for name in ("startIndex", "count"):
        _must_be_a_number(request.query_params, name)
    return _given(
        attributes=attributes,
        excludedAttributes=excluded_attributes,
        filter=filter,
        sortBy=sort_by,
        sortOrder=sort_order,
        startIndex=start_index,
        count=count,
        cursor=cursor,
    )


def _given(**parameters: object) -> Query:
    return {name: str(value) for name, value in parameters.items() if value is not None}
