"""Where projections get their events from, and where they keep their tables."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import msgspec
from psycopg import Connection
from psycopg_pool import ConnectionPool

from bus.log import Log
from domain.catalogue import AGGREGATES
from event_store.addresses import Clients
from event_store.event_type import EventTypes
from event_store.keys import PersonalKeys
from event_store.mapper import Mapper
from event_store.master_key import MasterKey
from event_store.reader import Reader
from event_store.record import Record
from projections.entry import AddressOf, Decode, Entry, entries, no_address
from projections.track import Track

_PAGE: Final = 2_000


class Stopped(Exception):
    """The program is ending: what was being caught up is left where it is."""


class Source(msgspec.Struct, frozen=True):
    """The log with its decoder, and the connection string of the database of the read models.

    Once `stopping` is set, catching up ends after the transaction under way.
    """

    conninfo: str
    log: Log
    decode: Decode
    address_of: AddressOf = no_address
    stopping: threading.Event = msgspec.field(default_factory=threading.Event)

    def catch_up(self, track: Track, upto: int | None = None) -> int:
        """Applies the log to a track, up to the settled end or to `upto`; returns how many events.

        Only what the projection follows is read. Raises `Stopped`.
        """
        end = self.log.last() if upto is None else upto
        projection, applied = track.projection, 0
        types = None if projection.follows_all else projection.types
        while track.position < end:
            if self.stopping.is_set():
                raise Stopped
            records = self.log.read(track.position, _PAGE, types, end)
            reached = records[-1].position if len(records) == _PAGE else end
            track.apply(self.entries(records), reached)
            applied += len(records)
        return applied

    def at(self, position: int) -> Entry:
        """The event at a position that is known to hold one."""
        (record,) = self.log.read(position - 1, 1, None, position)
        return Entry(record, self.decode, self.address_of)

    def entries(self, records: Iterable[Record]) -> list[Entry]:
        """The records, to be decoded when somebody asks."""
        return entries(records, self.decode, self.address_of)


@contextmanager
def open_source(conninfo: str, master_key: bytes | MasterKey) -> Iterator[Source]:
    """The log in the database at `conninfo`, where the read models are kept too.

    `conninfo` logs in as the role that owns the read models; `master_key` (or its 32
    bytes) opens the keys of personal data.
    """
    pool: ConnectionPool[Connection[Any]] = ConnectionPool(
        conninfo,
        min_size=1,
        max_size=12,
        timeout=5,
        reconnect_timeout=5,  # its pauses double: beginning anew finds a server sooner
        kwargs={"autocommit": True},
        open=False,
    )
    with pool:
        keys = PersonalKeys(pool, master_key)
        mapper = Mapper(EventTypes(AGGREGATES), keys)
        clients = Clients(keys, keys.wrapping.hashing)
        yield Source(conninfo, Reader(pool), mapper.decode, clients.hash_in)
