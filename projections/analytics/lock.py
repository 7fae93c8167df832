"""One process at a time writes the file; a second one waits for its turn."""

import fcntl
from pathlib import Path
from types import TracebackType
from typing import Self


class FileLock:
    """An exclusive lock that the system releases when the process dies, however it dies."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab")

    def try_acquire(self) -> bool:
        """Whether this process holds the lock from now on."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()
