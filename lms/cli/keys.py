"""`lms keys list | rotate | revoke | prune`."""

import argparse
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

from access.actor import Actor
from access.housekeeping import keys_kept_for
from commands.context import Context
from commands.key_rotation import KeyRotation
from domain.errors import NotFound
from domain.roles import Role
from lms.composition import CommandSide, command_side
from lms.settings import Settings

CONSOLE: Final = Actor(id=None, roles=frozenset({Role.ADMIN}))
"""Whoever can run this has the master key; the log names nobody."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to do with the keys that sign access tokens."""
    parser.add_argument("action", choices=["list", "rotate", "revoke", "prune"])
    parser.add_argument("kid", nargs="?", help="the key to revoke")
    parser.add_argument("--reason", help="why they are rotated or revoked, for the audit")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Lists keys, puts a new one in place, takes back one that others may have, or deletes those
    that no valid token is signed with."""
    if (options.action == "revoke") is not (options.kid is not None):
        print("Name the key to revoke, and only then.")
        return 2
    with command_side(settings, connections=2) as side:
        if options.action == "rotate":
            _rotate(side, options.reason)
        elif options.action == "revoke" and not _revoke(side, options.kid, options.reason):
            return 1
        elif options.action == "prune":
            kept = keys_kept_for(settings.access_token_minutes * 60)
            print(f"{side.signing_keys.prune(datetime.now(UTC) - kept)} keys deleted")
        _list(side)
    return 0


def _rotate(side: CommandSide, reason: str | None) -> None:
    side.signing_keys.ensure()
    rotated = KeyRotation(side.dispatcher, side.signing_keys).rotate(reason, _context())
    print(f"{rotated.kid} signs from now on: in every process within a minute.")


def _revoke(side: CommandSide, kid: str, reason: str | None) -> bool:
    try:
        KeyRotation(side.dispatcher, side.signing_keys).revoke(kid, reason, _context())
    except NotFound as error:
        print(error.detail)
        return False
    print(f"{kid} is worthless from now on: in every process within two seconds.")
    return True


def _context() -> Context:
    return Context(actor=CONSOLE, now=datetime.now(UTC), correlation_id=uuid4(), command_id=uuid4())


def _list(side: CommandSide) -> None:
    with side.pool.connection() as connection:
        rows = connection.execute(
            "SELECT kid, created_at, retired_at FROM access.signing_keys"
            " ORDER BY created_at DESC, kid"
        ).fetchall()
    for kid, created_at, retired_at in rows:
        state = "signs" if retired_at is None else f"retired {retired_at:%Y-%m-%d %H:%M}"
        print(f"{kid}  since {created_at:%Y-%m-%d %H:%M}  {state}")
