"""An event of a batch, decoded at most once however many projections follow it."""

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any
from uuid import UUID

from event_store.record import Metadata, Record

Decode = Callable[[Record], Any]
AddressOf = Callable[[Metadata], UUID | None]
"""Hashes the network address that an event was caused from, where that is known."""


def no_address(_: Metadata) -> None:
    """Where addresses aren't asked for."""


class Entry:
    """A record and, when somebody asks for it, its decoded event."""

    def __init__(self, record: Record, decode: Decode, address_of: AddressOf = no_address) -> None:
        self.record = record
        self._decode = decode
        self._address_of = address_of

    @cached_property
    def event(self) -> Any:
        return self._decode(self.record)

    @cached_property
    def metadata(self) -> Metadata:
        return self.record.read_metadata()

    @property
    def address(self) -> UUID | None:
        """The hash of the network address that caused it; None when that isn't known any more."""
        return self._address_of(self.metadata)


def entries(
    records: Iterable[Record], decode: Decode, address_of: AddressOf = no_address
) -> list[Entry]:
    return [Entry(record, decode, address_of) for record in records]
