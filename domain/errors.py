"""The ways a decision can be refused, in the language of the domain.

Each error has a stable `code` and a `detail` sentence for the person who asked. The HTTP edge turns
the four kinds into 404, 409, 422 and 403.
"""

from typing import ClassVar


class DomainError(Exception):
    """A decision was refused."""

    code: ClassVar[str] = "refused"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class NotFound(DomainError):
    """There is no such thing, or it isn't there for the one who asks."""

    code = "not-found"


class Conflict(DomainError):
    """The present state doesn't allow it."""

    code = "conflict"


class Invalid(DomainError):
    """A value makes no sense. `field` names it, as a path: `answers[0].choices[1]`."""

    code = "invalid"

    def __init__(self, detail: str, *, field: str) -> None:
        super().__init__(detail)
        self.field = field


class Forbidden(DomainError):
    """The one who asks may not do this."""

    code = "forbidden"
