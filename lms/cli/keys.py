"""`lms keys`: those that sign access tokens, and those that wrap all others."""

import argparse
from datetime import UTC, datetime
from uuid import uuid4

import msgspec
import psycopg

from access.housekeeping import keys_kept_for
from commands.context import Context
from commands.key_rotation import KeyRotation
from domain.errors import DomainError
from event_store.errors import MasterKeyUnavailable, WrongMasterKey
from event_store.rewrapping import KeyState
from lms.composition import CommandSide, command_side
from lms.master_rotation import CONSOLE, delete_unused, key_states, rotate_master_key
from lms.settings import Settings

ROW = "{:<18} {:<18} {:<24} {:>9} {:>9}  {}"
HEADINGS = ("wrapping key", "since", "wrapped by", "persons", "secrets", "state")


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to do with which keys."""
    acts = parser.add_subparsers(metavar="action", required=True)
    for name, (act, text) in ACTIONS.items():
        choice = acts.add_parser(name, help=text, description=text)
        choice.set_defaults(act=act)
        if name == "revoke":
            choice.add_argument("kid", help="the key to take back")
        choice.add_argument("--reason", help="why, for the audit")
        choice.add_argument("--json", action="store_true", help="for programs (status)")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Does what was asked for; 1 when that can't be done: a key isn't there, still signs, or the
    master key is out of reach or the wrong one."""
    try:
        with command_side(settings, connections=2) as side:
            options.act(options, settings, side)
    except DomainError as error:
        print(f"error: {error.detail}")
        return 1
    except (MasterKeyUnavailable, WrongMasterKey) as error:
        print(f"error: {error}")
        return 1
    return 0


def list_signing(_: argparse.Namespace, __: Settings, side: CommandSide) -> None:
    """Prints the keys that sign access tokens, or did."""
    with side.pool.connection() as connection:
        rows = connection.execute(
            "SELECT kid, created_at, retired_at FROM access.signing_keys"
            " ORDER BY created_at DESC, kid"
        ).fetchall()
    for kid, created_at, retired_at in rows:
        state = "signs" if retired_at is None else f"retired {retired_at:%Y-%m-%d %H:%M}"
        print(f"{kid}  since {created_at:%Y-%m-%d %H:%M}  {state}")


def rotate_signing(options: argparse.Namespace, settings: Settings, side: CommandSide) -> None:
    """Puts a new key in place that signs access tokens."""
    side.signing_keys.ensure()
    rotated = KeyRotation(side.dispatcher, side.signing_keys).rotate(options.reason, _context())
    print(f"{rotated.kid} signs from now on: in every process within a minute.")
    list_signing(options, settings, side)


def revoke_signing(options: argparse.Namespace, settings: Settings, side: CommandSide) -> None:
    """Takes back a key that others may have: nothing it has signed is believed any more."""
    rotation = KeyRotation(side.dispatcher, side.signing_keys)
    rotation.revoke(options.kid, options.reason, _context())
    print(f"{options.kid} is worthless from now on: in every process within two seconds.")
    list_signing(options, settings, side)


def prune_signing(options: argparse.Namespace, settings: Settings, side: CommandSide) -> None:
    """Deletes the keys that no valid token is signed with any more."""
    kept = keys_kept_for(settings.access_token_minutes * 60)
    print(f"{side.signing_keys.prune(datetime.now(UTC) - kept)} keys deleted")
    list_signing(options, settings, side)


def status(options: argparse.Namespace, settings: Settings, _: CommandSide) -> None:
    """Prints the wrapping keys, what wraps them and what they wrap."""
    with psycopg.connect(settings.database_url, autocommit=True) as owner:
        found = key_states(owner)
    if options.json:
        print(msgspec.json.format(msgspec.json.encode(found)).decode())
        return
    print(f"master key: {settings.master_key.key_id}")
    print(ROW.format(*HEADINGS))
    for each in found:
        print(_line(each))


def rotate_master(options: argparse.Namespace, settings: Settings, side: CommandSide) -> None:
    """Wraps everything anew, while everything runs; goes on with what was broken off."""
    with psycopg.connect(settings.database_url, autocommit=True) as owner:
        rotated = rotate_master_key(side, owner, options.reason)
    print(
        f"{rotated.key_id} wraps everything from now on;"
        f" wrapped anew: {rotated.persons} keys of persons, {rotated.secrets} secrets."
    )
    status(options, settings, side)


def retire(options: argparse.Namespace, settings: Settings, side: CommandSide) -> None:
    """Deletes the wrapping keys that nothing has needed for ten minutes."""
    with psycopg.connect(settings.database_url, autocommit=True) as owner:
        deleted = delete_unused(side, owner, options.reason)
    print(f"{len(deleted)} wrapping keys deleted")
    status(options, settings, side)


ACTIONS = {
    "list": (list_signing, "list the keys that sign access tokens"),
    "rotate": (rotate_signing, "sign access tokens with a new key"),
    "revoke": (revoke_signing, "take back a key that others may have"),
    "prune": (prune_signing, "delete signing keys that no valid token is signed with"),
    "status": (status, "show the wrapping keys, what wraps them and what they wrap"),
    "rotate-master": (rotate_master, "wrap everything anew, after a new master key or without"),
    "retire": (retire, "delete wrapping keys that nothing needs any more"),
}


def _context() -> Context:
    return Context(actor=CONSOLE, now=datetime.now(UTC), correlation_id=uuid4(), command_id=uuid4())


def _line(each: KeyState) -> str:
    since = f"{each.created_at:%Y-%m-%d %H:%M}"
    return ROW.format(
        each.key_id, since, each.master_key_id, each.persons, each.secrets, each.state
    )
