"""What history to make: how large, by which chance, and up to when."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Final
from uuid import NAMESPACE_OID, UUID, uuid5

import msgspec

FORM: Final = 2
"""Raised when the same numbers begin to make another history."""
LENGTH: Final = timedelta(days=730)

Path = tuple[str, ...]
"""Where a department is in the tree: names from the top down."""


class Size(msgspec.Struct, frozen=True):
    """How many people in how many courses; another `seed` makes another history of that size."""

    people: int
    courses: int
    seed: int = 1

    @property
    def name(self) -> str:
        """What sets this history apart from all others."""
        return f"{FORM}/{self.seed}/{self.people}/{self.courses}"


class Plan(msgspec.Struct, frozen=True):
    """A history of a size that ends at `until`, in these departments."""

    size: Size
    until: datetime
    departments: Mapping[Path, UUID]

    @property
    def begin(self) -> datetime:
        return self.until - LENGTH

    @property
    def tag(self) -> str:
        """Three letters that keep this history's user names and course codes its own."""
        chance = Random(self.size.name)  # noqa: S311 - nothing secret: it is to be repeatable
        return "".join(chance.choices("bcdfghjklmnpqrstvwxz", k=3))

    def chance(self, *of: object) -> Random:
        """The chance that decides about one thing, always in the same way."""
        return Random(f"{self.size.name}/{of}")  # noqa: S311 - nothing secret, as above

    def id(self, *of: object) -> UUID:
        return uuid5(NAMESPACE_OID, f"{self.size.name}/{of}")


def new_id(chance: Random) -> UUID:
    """A random id, drawn from that chance."""
    return UUID(int=chance.getrandbits(128), version=4)
