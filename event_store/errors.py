"""How working with the log can fail."""


class VersionConflict(Exception):
    """Somebody else appended to one of the streams first."""


class RequestRepeated(Exception):
    """Another append used the same idempotency key first."""


class LogUnavailable(Exception):
    """The database can't be reached; whether an append in flight was recorded is not known."""


class EpochTooLow(Exception):
    """The next position would not exceed the last one: the log was restored into a new cluster."""
