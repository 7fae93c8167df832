"""Events that a policy could not react to. Others, of the same stream too, are not held up."""

from uuid import UUID

import msgspec
from psycopg.rows import class_row

from event_store.record import Record
from policies.equipment import Pool

_LONGEST_ERROR = 2_000


class Parked(msgspec.Struct, frozen=True):
    policy: str
    position: int
    stream_id: UUID
    type: str
    error: str
    attempts: int


def park(policy: str, record: Record, error: Exception, pool: Pool) -> None:
    """Remembers the event for a retry; parking it again counts the attempts."""
    with pool.connection() as connection:
        connection.execute(
            "INSERT INTO policies.parked AS parked (policy, position, stream_id, type, error)"
            " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (policy, position)"
            " DO UPDATE SET error = excluded.error, attempts = parked.attempts + 1",
            (policy, record.position, record.stream_id, record.type, _describe(error)),
        )


def release(policy: str, position: int, pool: Pool) -> None:
    with pool.connection() as connection:
        connection.execute(
            "DELETE FROM policies.parked WHERE policy = %s AND position = %s", (policy, position)
        )


def parked_events(pool: Pool, policy: str | None = None) -> list[Parked]:
    """What is parked, of one policy or all, in order."""
    with pool.connection() as connection:
        return (
            connection.cursor(row_factory=class_row(Parked))
            .execute(
                "SELECT policy, position, stream_id, type, error, attempts FROM policies.parked"
                " WHERE %s::text IS NULL OR policy = %s ORDER BY policy, position",
                (policy, policy),
            )
            .fetchall()
        )


def _describe(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:_LONGEST_ERROR]
