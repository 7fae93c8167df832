"""Pages of a list by keyset: a cursor holds the sort key of the last item that was given out.

To the caller a cursor is opaque. It grants nothing: who sees which rows is decided anew for each
page, so it carries a checksum against damage and misuse, not a signature.
"""

import base64
import binascii
import zlib
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from litestar.params import QueryParameter

from edge.faults import invalid
from edge.problem import FieldError, ProblemError

Item = TypeVar("Item")
Row = TypeVar("Row")
Key = TypeVar("Key", bound=tuple[Any, ...])

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
MAX_CURSOR_LENGTH = 2048

CursorParameter = Annotated[
    str | None,
    QueryParameter(name="cursor", description="`next_cursor` of the page before this one."),
]
Limit = Annotated[
    int,
    QueryParameter(
        name="limit", ge=1, le=MAX_LIMIT, description="The most items that one page has."
    ),
]


class Page(msgspec.Struct, Generic[Item], frozen=True):
    """One page of a list; `next_cursor` is null on the last."""

    items: Sequence[Item]
    next_cursor: str | None = None


class Keyset(Generic[Key]):
    """The sort key of one list: `Keyset("courses by title", tuple[str, UUID])`.

    A cursor of a list with another name or another shape is refused.
    """

    def __init__(self, name: str, shape: type[Key]) -> None:
        self._seed = zlib.crc32(name.encode())
        self._decoder = msgspec.json.Decoder(shape)

    def encode(self, key: Key) -> str:
        """Make the cursor that stands behind the item with this sort key."""
        payload = msgspec.json.encode(key)
        checksum = zlib.crc32(payload, self._seed).to_bytes(4, "big")
        return base64.urlsafe_b64encode(checksum + payload).rstrip(b"=").decode()

    def decode(self, cursor: str | None) -> Key | None:
        """Read a cursor back; None stays None, the first page. Raises ProblemError (422)."""
        if cursor is None:
            return None
        try:
            return self._read(cursor)
        except (ValueError, binascii.Error) as error:
            fault = invalid(FieldError("cursor", "It isn't a cursor of this list."))
            raise ProblemError(fault) from error

    def _read(self, cursor: str) -> Key:
        if len(cursor) > MAX_CURSOR_LENGTH:
            raise ValueError
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        raw = base64.b64decode(padded, altchars=b"-_", validate=True)
        key: Key = self._decoder.decode(raw[4:])
        # Equal only for what `encode` makes, so each key has one cursor.
        if self.encode(key) != cursor:
            raise ValueError
        return key

    def page(
        self,
        rows: Sequence[Row],
        limit: int,
        key: Callable[[Row], Key],
        item: Callable[[Row], Item],
    ) -> Page[Item]:
        """Make a page of `rows`, which were asked for with `LIMIT limit + 1`."""
        shown = rows[:limit]
        more = len(rows) > limit
        return Page(
            items=[item(row) for row in shown],
            next_cursor=self.encode(key(shown[-1])) if more else None,
        )
