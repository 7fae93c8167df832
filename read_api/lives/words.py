"""How a type of event is told in words: the form of an entry of the table."""

from enum import Enum
from typing import Any, Final

import msgspec

AUTOMATIC: Final = "auto"


class Part(msgspec.Struct, frozen=True):
    """Keeps the event's field `value` in a mapping called `name`, under its field `key`."""

    name: str
    key: str
    value: str


class Weight(Enum):
    """What an event means to those who ask how something came about."""

    KEY = "key"
    """It is told wherever its stream had a part in it."""
    STEP = "step"
    """One of many: told when something reacted to it, and in the stream's own life."""


class Words(msgspec.Struct, frozen=True):
    """How one type of event is told.

    A text names fields of the event, or else of the state after it: `{title}`; `{before.score}` is
    of the state before it, `{after.title}` of the one after even if the event has such a field.
    `{self}` is the stream by its name, `{passed:yes|no}` one of two words. Ids become names.

    Who did it, on whose behalf and why is added to every text, so none of them says so, unless
    `doer` names who does this as a rule: such a text is about them doing it, or, when it
    `is_passive`, about what is done to them by others as well.

    `again` takes the place of `text` when the field `again_when` had a value before. `keeps` are
    what the event says that its aggregate needs for no decision, and an auditor wants to know all
    the same: they are shown with the state. `machine` names a field that is "auto" when nobody in
    person did it.
    """

    text: str
    again: str | None = None
    again_when: str = ""
    doer: str | None = None
    is_passive: bool = False
    keeps: tuple[str | Part, ...] = ()
    weight: Weight = Weight.KEY
    machine: str | None = None


def step(text: str, **more: Any) -> Words:
    """The words of an event that is one of many."""
    return Words(text, weight=Weight.STEP, **more)
