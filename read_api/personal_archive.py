"""A ZIP file that leaves as it is made: of files that don't fit into memory, to no file of ours."""

import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

CHUNK = 64 * 1024

Pieces = AsyncIterator[bytes]


class _Outgoing(io.RawIOBase):
    """What was written and hasn't left yet. It can't be gone back in, so ZIP doesn't try to."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        part = bytes(memoryview(data))  # type: ignore[arg-type]
        self._parts.append(part)
        self.size += len(part)
        return len(part)

    def take(self) -> bytes:
        taken, self._parts, self.size = b"".join(self._parts), [], 0
        return taken


async def archive(files: AsyncIterator[tuple[str, Pieces]]) -> AsyncIterator[bytes]:
    """The bytes of a ZIP file with the files of these names and contents, in their order."""
    out, now = _Outgoing(), datetime.now(UTC)
    with ZipFile(out, "w", ZIP_DEFLATED) as zipped:
        async for name, pieces in files:
            entry = ZipInfo(name, now.timetuple()[:6])
            entry.compress_type = ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            with zipped.open(entry, "w", force_zip64=True) as file:
                async for piece in pieces:
                    file.write(piece)
                    if out.size >= CHUNK:
                        yield out.take()
    yield out.take()
