"""What policies work with."""

from collections.abc import Callable
from typing import Any

import msgspec
import psycopg
from psycopg_pool import ConnectionPool

from bus.log import Log
from commands.dispatcher import Dispatcher
from event_store.record import Record

Pool = ConnectionPool[psycopg.Connection[tuple[Any, ...]]]


class Equipment(msgspec.Struct, frozen=True):
    """The database as the role `lms_write`, the log that is followed, how its events are decoded,
    and the door for commands. Connections of `pool` are in autocommit mode."""

    pool: Pool
    log: Log
    decode: Callable[[Record], Any]
    dispatcher: Dispatcher
