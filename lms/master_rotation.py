"""Rotation of the master key, while everything runs: a new wrapping key, and all wrapped by it.

It may be killed at any line and begun again: what is begun is gone on with. Two at once do it once.
"""

import time
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

import msgspec
from psycopg import Connection

from access.actor import Actor
from access.sealed import count_sealed, reseal
from commands.context import Context
from commands.key_ring import RecordDestroyedKeys, RecordMasterKeyRotation
from commands.message import Command
from domain.identity import key_ring_id
from domain.key_ring import KeyRing
from domain.roles import Role
from event_store.rewrapping import (
    KeyState,
    begin,
    delete,
    rewrap_persons,
    rewrap_wrapping_keys,
    states,
)
from event_store.wrapping import CURRENT_SECONDS, FIRST, WrappingKey, WrappingKeyRow, rows
from lms.composition import CommandSide

CONSOLE: Final = Actor(id=None, roles=frozenset({Role.ADMIN}))
"""Whoever can run this has the master key; the log names nobody."""
SETTLED_SECONDS: Final = CURRENT_SECONDS + 1.0
"""After this time nobody wraps under the former key any more."""


class Rotation(msgspec.Struct, frozen=True):
    """What a rotation came to: how many were wrapped anew by this run."""

    key_id: str
    persons: int
    secrets: int


def key_states(connection: Connection[Any]) -> list[KeyState]:
    """All wrapping keys and what needs them; `connection` is the owner's."""
    return states(connection, count_sealed(connection))


def rotate_master_key(
    side: CommandSide,
    owner: Connection[Any],
    reason: str | None = None,
    *,
    settled_after: float | None = None,
) -> Rotation:
    """Wraps everything by a new wrapping key, and all wrapping keys by the present master key.

    `owner` is a connection of the tables' owner in autocommit mode. Raises `WrongMasterKey`,
    `MasterKeyUnavailable`.
    """
    side.keys.current()  # makes the first ones in a new system
    row = _present(side, owner)
    side.keys.forget_current()
    current = side.keys.current()
    to = WrappingKey(row.key_id, side.keys.key(row.key_id))
    persons = rewrap_persons(owner, side.keys, to)
    secrets = reseal(owner, side.keys, to.key_id) if current.key_id == to.key_id else 0
    _settle(row, SETTLED_SECONDS if settled_after is None else settled_after)
    persons += rewrap_persons(owner, side.keys, to)
    secrets += reseal(owner, side.keys, to.key_id) if current.key_id == to.key_id else 0
    former_master_keys = rewrap_wrapping_keys(owner, side.keys.master)
    _record(side, owner, to.key_id, former_master_keys, reason)
    return Rotation(to.key_id, persons, secrets)


def delete_unused(
    side: CommandSide, owner: Connection[Any], reason: str | None = None
) -> list[str]:
    """Deletes the wrapping keys that nothing has needed for a while; their ids."""
    deletable = [each.key_id for each in key_states(owner) if each.state == "deletable"]
    if deletable:
        _dispatch(side, RecordDestroyedKeys(key_ids=deletable, reason=reason))
    for key_id in deletable:
        delete(owner, key_id)
    return deletable


def _present(side: CommandSide, owner: Connection[Any]) -> WrappingKeyRow:
    """The key of the rotation that isn't finished, or else of a new one."""
    newest = rows(owner)[-1]
    ring = side.log.find_latest(KeyRing, key_ring_id())
    recorded = ring.wrapping_key_id if ring else None
    finished = newest.key_id in (recorded, FIRST)
    return begin(owner, side.keys.master, newest) if finished else newest


def _settle(row: WrappingKeyRow, seconds: float) -> None:
    """Waits until every process has noticed the new key."""
    age = (datetime.now(UTC) - row.created_at).total_seconds()
    time.sleep(max(0.0, seconds - max(0.0, age)))


def _record(
    side: CommandSide,
    owner: Connection[Any],
    key_id: str,
    former_master_keys: list[str],
    reason: str | None,
) -> None:
    found = key_states(owner)
    present = next(each for each in found if each.key_id == key_id)
    command = RecordMasterKeyRotation(
        key_id=key_id,
        former_key_ids=[each.key_id for each in found if 0 < each.generation < present.generation],
        master_key_id=side.keys.master.key_id,
        former_master_key_ids=former_master_keys,
        persons=present.persons,
        secrets=present.secrets,
        reason=reason,
    )
    _dispatch(side, command)


def _dispatch(side: CommandSide, command: Command) -> None:
    context = Context(
        actor=CONSOLE, now=datetime.now(UTC), correlation_id=uuid4(), command_id=uuid4()
    )
    side.dispatcher.dispatch(command, context)
