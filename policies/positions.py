"""Up to where each policy has reacted to the log."""

from collections.abc import Iterable

from bus.log import Log
from policies.equipment import Pool


def positions_of(names: Iterable[str], pool: Pool, log: Log) -> dict[str, int]:
    """The position of each policy. One that is new gets its own, to be kept from now on.

    The first policies ever start where the log ended when they were installed, later ones where it
    ends now.
    """
    wanted = sorted(names)
    known = _known(pool)
    missing = [name for name in wanted if name not in known]
    if missing:
        start = log.last() if known else _installed_at(pool)
        with pool.connection() as connection:
            connection.execute(
                "INSERT INTO policies.position (policy, position)"
                " SELECT unnest(%s::text[]), %s ON CONFLICT DO NOTHING",
                (missing, start),
            )
        known = _known(pool)
    return {name: known[name] for name in wanted}


def advance(names: Iterable[str], position: int, pool: Pool) -> None:
    """Notes that these policies have reacted to everything up to `position`; never goes back."""
    with pool.connection() as connection:
        connection.execute(
            "UPDATE policies.position SET position = %s, updated_at = now()"
            " WHERE policy = ANY(%s) AND position < %s",
            (position, sorted(names), position),
        )


def _known(pool: Pool) -> dict[str, int]:
    with pool.connection() as connection:
        rows = connection.execute("SELECT policy, position FROM policies.position").fetchall()
    return dict(rows)


def _installed_at(pool: Pool) -> int:
    with pool.connection() as connection:
        row = connection.execute("SELECT position FROM policies.installed").fetchone()
    assert row is not None
    return int(row[0])
