"""An event of a batch, decoded at most once however many projections follow it."""

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

from event_store.record import Record

Decode = Callable[[Record], Any]


class Entry:
    """A record and, when somebody asks for it, its decoded event."""

    def __init__(self, record: Record, decode: Decode) -> None:
        self.record = record
        self._decode = decode

    @cached_property
    def event(self) -> Any:
        return self._decode(self.record)


def entries(records: Iterable[Record], decode: Decode) -> list[Entry]:
    return [Entry(record, decode) for record in records]
