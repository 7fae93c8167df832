"""`lms keys list | rotate | prune`."""

import argparse
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

from access.actor import Actor
from access.housekeeping import keys_kept_for
from commands.context import Context
from commands.key_rotation import KeyRotation
from domain.roles import Role
from lms.composition import CommandSide, command_side
from lms.settings import Settings

CONSOLE: Final = Actor(id=None, roles=frozenset({Role.ADMIN}))
"""Whoever can run this has the master key; the log names nobody."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to do with the keys that sign access tokens."""
    parser.add_argument("action", choices=["list", "rotate", "prune"])
    parser.add_argument("--reason", help="why they are rotated, for the audit")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Lists keys, puts a new one in place, or deletes those that no valid token is signed with."""
    with command_side(settings, connections=2) as side:
        if options.action == "rotate":
            _rotate(side, options.reason)
        elif options.action == "prune":
            kept = keys_kept_for(settings.access_token_minutes * 60)
            print(f"{side.signing_keys.prune(datetime.now(UTC) - kept)} keys deleted")
        _list(side)
    return 0


def _rotate(side: CommandSide, reason: str | None) -> None:
    side.signing_keys.ensure()
    context = Context(
        actor=CONSOLE, now=datetime.now(UTC), correlation_id=uuid4(), command_id=uuid4()
    )
    rotated = KeyRotation(side.dispatcher, side.signing_keys).rotate(reason, context)
    print(f"{rotated.kid} signs from now on: in every process within a minute.")


def _list(side: CommandSide) -> None:
    with side.pool.connection() as connection:
        rows = connection.execute(
            "SELECT kid, created_at, retired_at FROM access.signing_keys"
            " ORDER BY created_at DESC, kid"
        ).fetchall()
    for kid, created_at, retired_at in rows:
        state = "signs" if retired_at is None else f"retired {retired_at:%Y-%m-%d %H:%M}"
        print(f"{kid}  since {created_at:%Y-%m-%d %H:%M}  {state}")
