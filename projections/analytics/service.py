"""The analytics process's own HTTP service, for our read API only.

Questions are POSTed, because the list of people a manager may see doesn't fit into an address.
Every answer but `/health/*` needs `Authorization: Bearer <internal token>`. Errors are RFC 9457
problem details; a status of 503 means: later.
"""

import csv
import io
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
from litestar import Litestar, Request, Response, get, post
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.exceptions import HTTPException, NotAuthorizedException
from litestar.handlers import BaseRouteHandler
from litestar.params import JSONBody
from litestar.types import ExceptionHandlersMap

from projections.analytics import reports
from projections.analytics.desk import Desk, NotReady
from projections.analytics.questions import AskEngagement, AskProgress, AskSql, Restricted
from projections.analytics.sandbox import QueryRefused, QueryTookTooLong, QueryTooLarge, Result

JSON: Final = "application/json"
CSV: Final = "text/csv; charset=utf-8"
TRUNCATED: Final = "Lms-Truncated"
"""A header of `/analytics/sql`: `true` when there are more rows than were asked for."""

_RETRY_AFTER: Final = 2
_PROBLEMS: Final[dict[type[Exception], tuple[int, str]]] = {
    QueryRefused: (422, "query-refused"),
    QueryTookTooLong: (422, "query-took-too-long"),
    QueryTooLarge: (422, "query-too-large"),
    NotReady: (503, "analytics-unavailable"),
}


@post("/analytics", status_code=200, sync_to_thread=True)
def ask_dashboard(data: JSONBody[Restricted], state: State) -> Response[bytes]:
    """The organisation's figures; a restricted caller's are left to `/analytics/progress`."""
    if data.learner_ids is not None or data.course_ids is not None:
        raise QueryRefused("These figures are of the whole organisation.")
    with _desk(state).cursor() as cursor:
        return _json(reports.dashboard(cursor, datetime.now(UTC).date()))


@post("/analytics/progress", status_code=200, sync_to_thread=True)
def ask_progress(data: JSONBody[AskProgress], state: State) -> Response[bytes]:
    with _desk(state).cursor() as cursor:
        page = reports.progress(
            cursor,
            per=data.per,
            where=data.where(),
            scope=data.scope(),
            after=data.cursor,
            limit=data.limit,
        )
    return _json(page)


@post("/analytics/engagement", status_code=200, sync_to_thread=True)
def ask_engagement(data: JSONBody[AskEngagement], state: State) -> Response[bytes]:
    to = data.to or datetime.now(UTC).date()
    from_ = data.from_ or to - timedelta(days=30)
    with _desk(state).cursor() as cursor:
        items = reports.engagement(cursor, per=data.per, from_=from_, to=to, scope=data.scope())
    return _json({"items": items, "next_cursor": None})


@post("/analytics/sql", status_code=200, sync_to_thread=True)
def ask_sql(
    data: JSONBody[AskSql], state: State, request: Request[Any, Any, State]
) -> Response[bytes]:
    result = _desk(state).query(
        data.query,
        str(data.by or ""),
        timeout_s=data.timeout_seconds,
        max_rows=data.limit,
    )
    headers = {TRUNCATED: str(result.truncated).lower()}
    wants_csv = data.format == "csv" or (
        data.format is None and request.accept.best_match([JSON, "text/csv"]) == "text/csv"
    )
    if wants_csv:
        return Response(_csv(result), media_type=CSV, headers=headers)
    return _json(result, headers)


@post("/analytics/queries", status_code=200, sync_to_thread=True)
def list_queries(state: State) -> Response[bytes]:
    """What analysts asked last, for auditors."""
    return _json({"items": _desk(state).log.last(1_000), "next_cursor": None})


@get("/health/live", sync_to_thread=False, opt={"open": True})
def live() -> dict[str, str]:
    return {"status": "ok"}


@get("/health/ready", sync_to_thread=True, opt={"open": True})
def ready(state: State) -> Response[bytes]:
    """Ready once the warehouse answers: its position, and how old its figures are."""
    with _desk(state).cursor() as cursor:
        return _json(reports.freshness(cursor))


def create_app(desk: Desk, internal_token: str) -> Litestar:
    """The ASGI application."""

    def only_ours(connection: ASGIConnection[Any, Any, Any, Any], route: BaseRouteHandler) -> None:
        given = connection.headers.get("authorization", "")
        if route.opt.get("open"):
            return
        if not secrets.compare_digest(given.encode(), f"Bearer {internal_token}".encode()):
            raise NotAuthorizedException("This service answers our own processes only.")

    handlers: ExceptionHandlersMap = {
        HTTPException: _http_problem,
        **dict.fromkeys(_PROBLEMS, _problem),
    }
    return Litestar(
        [ask_dashboard, ask_progress, ask_engagement, ask_sql, list_queries, live, ready],
        guards=[only_ours],
        state=State({"desk": desk}),
        exception_handlers=handlers,
        openapi_config=None,
        logging_config=None,  # the process has its own
    )


def _desk(state: State) -> Desk:
    desk: Desk = state.desk
    return desk


def _json(value: object, headers: dict[str, str] | None = None) -> Response[bytes]:
    body = msgspec.json.encode(value, enc_hook=str)
    return Response(body, media_type=JSON, headers=headers)


def _csv(result: Result) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(result.columns)
    writer.writerows(result.rows)
    return text.getvalue().encode()


def _problem(_: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    status, code = next(problem for kind, problem in _PROBLEMS.items() if isinstance(error, kind))
    return _answer(status, code, str(error))


def _http_problem(_: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    code = {400: "malformed-request", 401: "not-authenticated", 404: "not-found"}
    status = 422 if error.status_code == 400 and error.extra else error.status_code
    return _answer(status, code.get(status, "invalid-request"), str(error.detail))


def _answer(status: int, code: str, detail: str) -> Response[bytes]:
    body = {"type": f"/problems/{code}", "title": code, "status": status, "detail": detail}
    headers = {"Retry-After": str(_RETRY_AFTER)} if status == 503 else {}
    return Response(
        msgspec.json.encode(body),
        status_code=status,
        media_type="application/problem+json",
        headers=headers,
    )
