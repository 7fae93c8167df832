"""Checks of what is said about a course."""

from typing import Any, Final

from domain import text
from domain.errors import Invalid
from domain.languages import required_tag

TITLE: Final = 300
DESCRIPTION: Final = 20_000
CONTENT: Final = 200_000
"""Characters that a text may have."""


def checked(name: str, value: Any) -> Any:
    """The value of a field as it becomes part of an event. Raises `Invalid`."""
    match name:
        case "title":
            return text.required(value, name, TITLE)
        case "description":
            return text.optional(value, name, DESCRIPTION) or ""
        case "topic" | "department":
            return text.optional(value, name, 100)
        case "language":
            return required_tag(value, name)
        case "duration_minutes":
            return minutes(value)
        case _:
            return value


def minutes(value: int | None) -> int | None:
    """How long something takes. Raises `Invalid`."""
    if value is not None and not 0 <= value <= 100_000:
        raise Invalid("duration_minutes must be from 0 to 100000.", field="duration_minutes")
    return value
