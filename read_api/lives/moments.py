"""A moment in the life of a stream, as one asks for it: by an instant, a position or a version.

An instant is one of recording: what was known then, whatever had happened that nobody had told yet.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from domain.errors import NotFound
from edge.faults import invalid
from edge.problem import FieldError, ProblemError
from read_api.database import Database

_SELECT: Final = "SELECT version, position, recorded_at, stream_type FROM event_store.events"


class By(StrEnum):
    """The column that a moment is found by."""

    INSTANT = "recorded_at"
    POSITION = "position"
    VERSION = "version"


class Asked(msgspec.Struct, frozen=True):
    """A moment that is asked for, and the parameter it was asked by."""

    by: By
    value: int | datetime
    parameter: str


class Moment(msgspec.Struct, frozen=True):
    """A version of a stream: its last event then, and when that was recorded."""

    version: int
    position: int
    recorded_at: datetime
    stream_type: str


class _Last(msgspec.Struct, frozen=True):
    position: int


def instant(text: str, parameter: str) -> Asked:
    """Reads an instant. Raises ProblemError (422) for another text, and for the future."""
    # A plus that nobody has escaped comes as a space.
    try:
        value = msgspec.convert(text.strip().replace(" ", "+"), datetime, strict=False)
    except msgspec.ValidationError:
        value = None
    if value is None or value.tzinfo is None:
        raise _refused(parameter, "It must be an instant such as 2026-03-31T23:59:59Z.")
    if value > datetime.now(UTC):
        raise _refused(parameter, "It lies in the future: nobody knows yet.")
    return Asked(By.INSTANT, value, parameter)


def instant_or_position(text: str, parameter: str) -> Asked:
    """Reads digits as a position, all else as an instant. Raises ProblemError (422)."""
    if text.isascii() and text.isdigit():
        return Asked(By.POSITION, int(text), parameter)
    return instant(text, parameter)


async def first_moment(database: Database, stream_id: UUID) -> Moment:
    """The beginning of a stream. Raises NotFound when there is no such stream."""
    found = await _at_end(database, stream_id, "ASC")
    if found is None:
        raise NotFound("There is no such stream.")
    return found


async def last_moment(database: Database, stream_id: UUID) -> Moment:
    """The stream as it is now. Raises NotFound when there is no such stream."""
    found = await _at_end(database, stream_id, "DESC")
    if found is None:
        raise NotFound("There is no such stream.")
    return found


async def moment_of(database: Database, stream_id: UUID, asked: Asked) -> Moment | None:
    """The last event of a stream at that moment; None when it had none yet.

    Raises NotFound when there is no such stream, ProblemError (422) for the future.
    """
    last = await last_moment(database, stream_id)
    await _must_have_come(database, last, asked)
    sql = f"{_SELECT} WHERE stream_id = %s AND {asked.by} <= %s ORDER BY version DESC LIMIT 1"
    return await database.first(Moment, sql, (stream_id, asked.value))


async def required_moment_of(database: Database, stream_id: UUID, asked: Asked) -> Moment:
    """The same. Raises NotFound also when the stream did not exist then."""
    found = await moment_of(database, stream_id, asked)
    if found is not None:
        return found
    first = await first_moment(database, stream_id)
    began = f"{first.recorded_at:%Y-%m-%dT%H:%M:%S.%fZ} (position {first.position})"
    raise NotFound(f"This stream did not exist then: it began at {began}.")


async def _must_have_come(database: Database, last: Moment, asked: Asked) -> None:
    if isinstance(asked.value, datetime):
        return
    if asked.by is By.VERSION and asked.value > last.version:
        raise _refused(asked.parameter, f"This stream has {last.version} versions so far.")
    if asked.by is By.POSITION and asked.value > last.position:
        end = await database.first(
            _Last, "SELECT max(position) AS position FROM event_store.events"
        )
        if end is not None and asked.value > end.position:
            raise _refused(asked.parameter, f"The log ends at position {end.position} so far.")


async def _at_end(database: Database, stream_id: UUID, order: str) -> Moment | None:
    sql = f"{_SELECT} WHERE stream_id = %s ORDER BY version {order} LIMIT 1"
    return await database.first(Moment, sql, (stream_id,))


def _refused(parameter: str, detail: str) -> ProblemError:
    return ProblemError(invalid(FieldError(parameter, detail)))
