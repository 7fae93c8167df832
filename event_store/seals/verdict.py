"""What verifying the log has found."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """What is wrong."""

    EDITED = "edited"
    DELETED = "deleted"
    INSERTED = "inserted"
    SWAPPED = "swapped"
    MOVED = "moved"
    CUT_OFF = "cut-off"
    REWRITTEN = "rewritten"
    REMEMBERED_OTHERWISE = "remembered-otherwise"
    LEAF_MISSING = "leaf-missing"
    LEAF_OUT_OF_ORDER = "leaf-out-of-order"
    NODE_WRONG = "node-wrong"
    CHECKPOINT_FORGED = "checkpoint-forged"
    CHECKPOINT_MISSING = "checkpoint-missing"
    KEY_FORGED = "key-forged"


SAYS = {
    Kind.EDITED: "changed since sealed",
    Kind.DELETED: "sealed, and gone",
    Kind.INSERTED: "never sealed, among events that are",
    Kind.CUT_OFF: "sealed at the end of the log, and gone",
    Kind.LEAF_MISSING: "without a leaf",
    Kind.LEAF_OUT_OF_ORDER: "with a leaf whose position isn't above the one before",
}
"""What is said of one event, and of several."""


class Problem(msgspec.Struct, frozen=True):
    """Something that is not as it was sealed, and where: numbers and positions from the first to
    the last, where they are known; an event that was inserted has no number.
    """

    kind: Kind
    says: str
    number: int | None = None
    last_number: int | None = None
    position: int | None = None
    last_position: int | None = None

    @property
    def numbers(self) -> range:
        """The numbers concerned."""
        if self.number is None:
            return range(0)
        last = self.number if self.last_number is None else self.last_number
        return range(self.number, last + 1)

    def __str__(self) -> str:
        where = [
            _span("number", self.number, self.last_number),
            _span("position", self.position, self.last_position),
        ]
        named = ", ".join(part for part in where if part)
        return f"{self.kind}: {named}: {self.says}" if named else f"{self.kind}: {self.says}"


class Verdict(msgspec.Struct, frozen=True):
    """What was looked at, and what was found.

    `events` were read, of which `sealed` should be sealed; `unsealed` follow them, and wait since
    `unsealed_since`. `checkpoints` are those in the database, `witnessed` those from outside it.
    """

    events: int
    sealed: int
    unsealed: int
    unsealed_since: datetime | None
    checkpoints: int
    witnessed: int
    problems: list[Problem]
    seconds: float

    @property
    def holds(self) -> bool:
        return not self.problems


def at(kind: Kind, number: int | None, position: int | None) -> Problem:
    """A problem with one event."""
    return Problem(kind, SAYS[kind], number=number, position=position)


def gathered(problems: Iterable[Problem]) -> list[Problem]:
    """Problems of one kind with events that follow each other become one."""
    found: list[Problem] = []
    for problem in problems:
        if found and _follows(found[-1], problem):
            found[-1] = msgspec.structs.replace(
                found[-1],
                last_number=_last(problem.number, problem.last_number),
                last_position=_last(problem.position, problem.last_position),
            )
        else:
            found.append(problem)
    return found


def _follows(before: Problem, problem: Problem) -> bool:
    if before.kind is not problem.kind or before.kind not in SAYS or before.number is None:
        return False
    last = _last(before.number, before.last_number)
    return last is not None and problem.number == last + 1


def _last(first: int | None, last: int | None) -> int | None:
    return first if last is None else last


def _span(word: str, first: int | None, last: int | None) -> str:
    if first is None:
        return ""
    return f"{word} {first}" if last in (None, first) else f"{word}s {first} to {last}"
