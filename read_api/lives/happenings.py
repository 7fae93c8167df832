"""Events with the states around them."""

from collections.abc import Iterable, Iterator

import msgspec

from event_store.record import Record
from read_api.lives.changes import Change, State, changes_between
from read_api.lives.life import Life


class Happening(msgspec.Struct, frozen=True):
    """A record with the states around it."""

    record: Record
    before: State
    after: State
    unreadable: str | None

    @property
    def changes(self) -> list[Change]:
        return changes_between(self.before, self.after)


def follow(life: Life, records: Iterable[Record]) -> Iterator[Happening]:
    """Goes on through a life, event by event. Blocks: keys are looked up."""
    before = life.state
    for record in records:
        unreadable = life.apply(record)
        after = life.state
        yield Happening(record, before, after, unreadable)
        before = after
