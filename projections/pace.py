"""How many events go into one transaction.

An open transaction that has written holds back the settled end of the log, for everyone. So
transactions stay short: this finds the number of events that takes about 25 ms.
"""

from collections.abc import Iterator
from typing import Final

from projections.entry import Entry

_TARGET: Final = 0.025
_FEWEST: Final = 16
_MOST: Final = 4000


class Pace:
    def __init__(self, events: int = 100) -> None:
        self.events = events

    def chunks(self, entries: list[Entry], upto: int) -> Iterator[tuple[list[Entry], int]]:
        """Consecutive parts of `entries`, each with the position that is reached by it."""
        start = 0
        while len(entries) - start > self.events:
            chunk = entries[start : start + self.events]
            start += len(chunk)
            yield chunk, chunk[-1].record.position
        yield entries[start:], upto

    def learn(self, events: int, seconds: float) -> None:
        """Take into account that `events` took `seconds`: at most twice or half as many next."""
        if events < self.events // 2 and seconds < _TARGET:
            return
        wanted = events * _TARGET / max(seconds, 0.001)
        bounded = min(max(wanted, self.events / 2), self.events * 2)
        self.events = int(min(max(bounded, _FEWEST), _MOST))
