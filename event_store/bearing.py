"""How an event bears on an id: the audit index has an entry for each way."""

from enum import IntEnum


class Bearing(IntEnum):
    """Stored as these numbers; they never change their meaning."""

    ANY = 0
    """Every event has one such entry, under the id of nobody: what is searched without any id."""
    STREAM = 1
    """It belongs to the stream with this id."""
    ABOUT = 2
    """Its data name the id: the learner, the course, whoever graded."""
    ACTOR = 3
    BEHALF = 4
    """It was done on behalf of the person with this id."""
    CORRELATION = 5
    ADDRESS = 6
    """It was caused from the network address that this id is the keyed hash of."""
