"""The time of one learner in one course, which ends in the present."""

from datetime import datetime, timedelta
from random import Random


class ThePresent(Exception):
    """What would come next hasn't happened yet."""


class Clock:
    """Goes forward only; raises `ThePresent` rather than pass `until`."""

    def __init__(self, now: datetime, until: datetime, chance: Random) -> None:
        self.now = now
        self._until = until
        self._chance = chance

    def minutes(self, least: float, most: float) -> datetime:
        """Lets that many minutes pass."""
        return self._to(self.now + timedelta(minutes=self._chance.uniform(least, most)))

    def another_day(self, mean: float) -> datetime:
        """Comes back on a later day, after `mean` days on average, in the hours of work."""
        day = self.now + timedelta(days=max(1.0, self._chance.expovariate(1 / mean)))
        if day.weekday() >= 5 and self._chance.random() < 0.85:
            day += timedelta(days=7 - day.weekday())
        hour, second = self._chance.randint(7, 18), self._chance.uniform(0, 3600)
        day = day.replace(hour=hour, minute=0, second=0, microsecond=0)
        return self._to(day + timedelta(seconds=second))

    def seconds(self, least: float, most: float) -> datetime:
        """Lets that many seconds pass."""
        return self._to(self.now + timedelta(seconds=self._chance.uniform(least, most)))

    def _to(self, at: datetime) -> datetime:
        if at >= self._until:
            raise ThePresent
        self.now = at
        return at
