"""`?course_id=null`: in a query null isn't a value, and no way to leave a parameter out either.

msgspec would read it as None, and a list would come back without the filter that was asked for.
"""

from functools import cache
from typing import Any

from litestar import Request
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter

from edge.faults import invalid
from edge.problem import FieldError, ProblemError

DETAIL = "It can't be null: leave it out instead."


async def refuse_null(request: Request[Any, Any, Any]) -> None:
    """Hook before each request. Raises ProblemError (422) for a null where no text may stand."""
    if b"null" not in request.scope["query_string"].lower():
        return
    names = _not_texts(request.scope["route_handler"])
    nulls = {
        name
        for name, value in request.query_params.multi_items()
        if name in names and value.lower() == "null"
    }
    if nulls:
        raise ProblemError(invalid(*(FieldError(name, DETAIL) for name in sorted(nulls))))


@cache
def _not_texts(handler: HTTPRouteHandler) -> frozenset[str]:
    """The query parameters that are something else than a text."""
    return frozenset(
        field.kwarg_definition.name or name
        for name, field in handler.parsed_fn_signature.parameters.items()
        if isinstance(field.kwarg_definition, QueryParameter)
        and str not in {field.annotation, *(inner.annotation for inner in field.inner_types)}
    )
