"""What a company's directory (its HR or identity system) says about one person."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID
from zoneinfo import available_timezones

import msgspec

from domain import text
from domain.errors import Invalid


class DirectoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """All that a directory decides about a person; `None` means that it says nothing of it.

    `external_id` is the person's name in that directory, whatever their user name or address.
    """

    username: str
    email: str
    full_name: str
    given_name: str | None = None
    family_name: str | None = None
    external_id: str | None = None
    employee_number: str | None = None
    language: str = "en"
    time_zone: str = "UTC"
    department: str | None = None
    job_role: str | None = None
    manager_id: UUID | None = None

    def __repr__(self) -> str:
        return "DirectoryEntry()"


def checked(entry: DirectoryEntry) -> DirectoryEntry:
    """The entry with its texts trimmed. Raises `Invalid` for the first field that is wrong."""
    return msgspec.structs.replace(
        entry, **{name: check(getattr(entry, name)) for name, check in CHECKS.items()}
    )


def faults(entry: DirectoryEntry) -> list[Invalid]:
    """Everything that `checked` would refuse."""
    found = []
    for name, check in CHECKS.items():
        try:
            check(getattr(entry, name))
        except Invalid as error:
            found.append(error)
    return found


def differences(old: DirectoryEntry, new: DirectoryEntry) -> tuple[dict[str, Any], list[str]]:
    """What changed, by field, and the fields that have no value any more."""
    pairs = {
        name: (getattr(old, name), getattr(new, name)) for name in DirectoryEntry.__struct_fields__
    }
    changed = {
        name: after for name, (before, after) in pairs.items() if after not in {before, None}
    }
    removed = [
        name for name, (before, after) in pairs.items() if after is None and before is not None
    ]
    return changed, removed


def _email(email: str) -> str:
    address = text.required(email, "email", 254)
    local, at, host = address.rpartition("@")
    if not (local and at and "." in host) or any(c.isspace() for c in address):
        raise Invalid("email must be an address such as jane@example.com.", field="email")
    return address


def _time_zone(name: str) -> str:
    if name not in _TIME_ZONES:
        raise Invalid("time_zone must be an IANA name such as Europe/Berlin.", field="time_zone")
    return name


def _required(name: str, longest: int) -> Callable[[str], str]:
    return lambda value: text.required(value, name, longest)


def _optional(name: str, longest: int) -> Callable[[str | None], str | None]:
    return lambda value: text.optional(value, name, longest)


_TIME_ZONES: Final = available_timezones() | {"UTC"}

CHECKS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "username": _required("username", 150),
    "email": _email,
    "full_name": _required("full_name", 300),
    "given_name": _optional("given_name", 150),
    "family_name": _optional("family_name", 150),
    "external_id": _optional("external_id", 255),
    "employee_number": _optional("employee_number", 100),
    "language": _required("language", 35),
    "time_zone": _time_zone,
    "department": _optional("department", 100),
    "job_role": _optional("job_role", 100),
}
"""What each text of an entry must be: gives it back trimmed, or raises `Invalid`."""
