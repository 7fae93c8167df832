"""Checks that every text from outside goes through before it becomes part of an event."""

from domain.errors import Invalid


def required(value: str, field: str, limit: int) -> str:
    """The trimmed text. Raises `Invalid` when it is empty, too long or holds a NUL."""
    text = optional(value, field, limit)
    if text is None:
        raise Invalid(f"{field} must not be empty.", field=field)
    return text


def optional(value: str | None, field: str, limit: int) -> str | None:
    """The trimmed text, `None` when nothing is left of it."""
    text = (value or "").strip()
    if "\x00" in text:
        raise Invalid(f"{field} must not contain a NUL character.", field=field)
    if len(text) > limit:
        raise Invalid(f"{field} must have at most {limit} characters.", field=field)
    return text or None
