"""The figures behind `/analytics`: functions of a DuckDB cursor, each one SQL file or a few."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, Final, Literal
from uuid import UUID

import duckdb
import msgspec

from projections.analytics import sql

Cursor = duckdb.DuckDBPyConnection
Row = dict[str, Any]

_COURSES_SHOWN: Final = 100


class Scope(msgspec.Struct, frozen=True):
    """Whom the caller may see: None is everybody, an empty list nobody."""

    learner_ids: Sequence[UUID] | None = None
    course_ids: Sequence[UUID] | None = None

    def params(self) -> dict[str, Any]:
        return {"learner_ids": _texts(self.learner_ids), "course_ids": _texts(self.course_ids)}


class Freshness(msgspec.Struct, frozen=True):
    """How far the figures have got: `position` in the log, times in UTC, `age_seconds` of the
    last event in them, `parked` events that are missing from them."""

    position: int
    event_at: datetime | None
    loaded_at: datetime | None
    parked: int
    age_seconds: float | None


class ProgressFilter(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """`from_` and `to` are dates of enrolment, both included."""

    course_id: UUID | None = None
    learner_id: UUID | None = None
    department: str | None = None
    from_: date | None = None
    to: date | None = None


class Page(msgspec.Struct, frozen=True):
    """`next_cursor` is None on the last page."""

    items: list[Row]
    next_cursor: str | None


Grouping = Literal["enrollment", "course", "learner", "department"]


def dashboard(cursor: Cursor, today: date) -> Row:
    """Figures of the whole organisation. Rates are from 0 to 1, scores from 0 to 100."""
    totals = _rows(cursor, "totals")[0]
    statuses = {row["status"]: row["enrollments"] for row in _rows(cursor, "enrollments_by_status")}
    enrollments = sum(statuses.values())
    return {
        **totals,
        "enrollments": enrollments,
        "enrollments_by_status": statuses,
        "completion_rate": statuses.get("completed", 0) / enrollments if enrollments else None,
        "by_course": _rows(cursor, "by_course", {"limit": _COURSES_SHOWN}),
        "last_30_days": _rows(cursor, "trend", {"today": today}),
        "data": msgspec.structs.asdict(freshness(cursor)),
    }


def freshness(cursor: Cursor) -> Freshness:
    return Freshness(**_rows(cursor, "freshness")[0])


def progress(
    cursor: Cursor,
    *,
    per: Grouping = "enrollment",
    where: ProgressFilter | None = None,
    scope: Scope | None = None,
    after: str = "",
    limit: int = 100,
) -> Page:
    """Enrolments, completion, mean percent (0 to 100) and seconds, for each of `per`.

    `after` is the `next_cursor` of the page before.
    """
    where, scope = where or ProgressFilter(), scope or Scope()
    params = {
        "per": per,
        "course_id": _text(where.course_id),
        "learner_id": _text(where.learner_id),
        "department": where.department,
        "from": where.from_,
        "to": where.to,
        **scope.params(),
        "after": after,
        "limit": limit + 1,
    }
    rows = _rows(cursor, "progress", params)
    keys = [row.pop("key") for row in rows]
    return Page(rows[:limit], keys[limit - 1] if len(rows) > limit else None)


def engagement(
    cursor: Cursor,
    *,
    per: Literal["day", "week"],
    from_: date,
    to: date,
    scope: Scope | None = None,
) -> list[Row]:
    """Log-ins, people, days, seconds, lessons and feedback, for each day or week (by its Monday).

    `active_days` counts a person's day once. Logging in is part of no course, so a scope of courses
    leaves it out.
    """
    params = {"per": per, "from": from_, "to": to, **(scope or Scope()).params()}
    return _rows(cursor, "engagement", params)


def _rows(cursor: Cursor, name: str, params: dict[str, Any] | None = None) -> list[Row]:
    cursor.execute(sql.read(f"reports/{name}"), params or {})
    columns = [column[0] for column in cursor.description or []]
    return [dict(zip(columns, map(_in_utc, row), strict=True)) for row in cursor.fetchall()]


def _in_utc(value: Any) -> Any:
    """DuckDB's TIMESTAMP has no zone: in the warehouse it is always UTC, and says so when told."""
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)


def _texts(values: Sequence[UUID] | None) -> list[str] | None:
    return None if values is None else [str(value) for value in values]
