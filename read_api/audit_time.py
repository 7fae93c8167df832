"""From instants to positions: the log is in the order of positions, which is nearly that of time.

Whoever appends takes the time a moment before the position, so two events may stand in the other
order. The index knows for each minute between which positions its events stand; the minute that an
instant falls into is looked at in the log itself. Events between the positions found must still be
asked for their time, all others needn't.
"""

from datetime import datetime

import msgspec

from read_api.audit_search import HIGHEST, LOWEST
from read_api.database import Database

NEAR = 100
"""Minutes with events after an instant: none later has an event that stands before all of these."""

FIRST = f"""
WITH near AS MATERIALIZED (
    SELECT minute, first, last FROM read_models.audit_minute
    WHERE minute >= date_trunc('minute', %(instant)s::timestamptz, 'UTC')
    ORDER BY minute LIMIT {NEAR})
SELECT least(
    (SELECT min(first) FROM near WHERE minute >= %(instant)s),
    (SELECT event.position FROM near CROSS JOIN LATERAL (
        SELECT position FROM event_store.events
        WHERE position >= near.first AND position <= near.last AND recorded_at >= %(instant)s
        ORDER BY position LIMIT 1) AS event
     WHERE near.minute < %(instant)s)) AS position"""
"""SQL: the first position of an event at an instant or later; null when there is none."""

LAST = f"""
WITH near AS MATERIALIZED (
    SELECT minute, first, last FROM read_models.audit_minute
    WHERE minute < %(instant)s ORDER BY minute DESC LIMIT {NEAR})
SELECT greatest(
    (SELECT max(last) FROM near WHERE minute <= %(instant)s::timestamptz - interval '1 minute'),
    (SELECT event.position FROM near CROSS JOIN LATERAL (
        SELECT position FROM event_store.events
        WHERE position >= near.first AND position <= near.last AND recorded_at < %(instant)s
        ORDER BY position DESC LIMIT 1) AS event
     WHERE near.minute > %(instant)s::timestamptz - interval '1 minute')) AS position"""
"""SQL: the last position of an event before an instant; null when there is none."""


class _Position(msgspec.Struct, frozen=True):
    position: int | None


async def positions_between(
    database: Database, since: datetime | None, until: datetime | None
) -> tuple[int, int]:
    """Positions, exclusive, between which all events from `since` to before `until` stand."""
    above, below = LOWEST, HIGHEST
    if since is not None:
        first = await _position(database, FIRST, since)
        above = HIGHEST if first is None else first - 1
    if until is not None:
        last = await _position(database, LAST, until)
        below = LOWEST if last is None else last + 1
    return above, below


async def _position(database: Database, sql: str, instant: datetime) -> int | None:
    row = await database.first(_Position, sql, {"instant": instant})
    return row.position if row else None
