"""How working with the log can fail."""

import psycopg


class VersionConflict(Exception):
    """Somebody else appended to one of the streams first."""


class RequestRepeated(Exception):
    """Another append used the same idempotency key first."""


class LogUnavailable(Exception):
    """The database can't be reached; whether an append in flight was recorded is not known."""


class MasterKeyUnavailable(LogUnavailable, psycopg.OperationalError):
    """The master key is out of reach, and a key that isn't known here needs it.

    Nothing was recorded. Whoever waits for the database when it is away waits for this too.
    """


class WrongMasterKey(ValueError):
    """Something was wrapped by a master key that isn't the one given here."""


class EpochTooLow(Exception):
    """The next position would not exceed the last one: the log was restored into a new cluster."""
