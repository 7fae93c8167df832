"""Bodies of commands whose other fields stand in the path."""

from typing import Any, TypeVar

import msgspec

from commands.message import Command

C = TypeVar("C", bound=Command)


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A JSON body; unknown fields are refused."""


def command_of(command: type[C], body: msgspec.Struct | None = None, **path: Any) -> C:
    """The command made of a body and the ids in the path."""
    fields = msgspec.structs.asdict(body) if body is not None else {}
    return command(**fields, **path)
