"""How policies are doing."""

import msgspec
from psycopg.rows import class_row

from bus.log import Log
from policies.equipment import Pool


class Status(msgspec.Struct, frozen=True):
    """`lag` is the number of events that follow the position (the policy may ignore them all)."""

    policy: str
    position: int
    lag: int
    parked: int


def statuses(pool: Pool, log: Log) -> list[Status]:
    """Every policy that has run, by name."""
    end = log.last()  # before a connection is taken: the log may want one of the same pool
    with pool.connection() as connection:
        return (
            connection.cursor(row_factory=class_row(Status))
            .execute(
                "SELECT policy, position,"
                " (SELECT count(*) FROM event_store.events e"
                "  WHERE e.position > p.position AND e.position <= %s) AS lag,"
                " (SELECT count(*) FROM policies.parked k WHERE k.policy = p.policy) AS parked"
                " FROM policies.position p ORDER BY policy",
                (end,),
            )
            .fetchall()
        )
