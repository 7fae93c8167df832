"""The checkpoints outside the database, where its superuser can't reach them: a file that grows.

A line for each checkpoint, JSON: its size, and the whole note. Whoever cuts off the log's end or
puts an old copy of the database in place leaves a witness that knows better.
"""

import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from event_store.seals.checkpoint import Checkpoint, NotACheckpoint

_TAIL = 8192
"""Bytes of the file's end that hold its last two lines: a crash may have cut the last."""


class Witness:
    """The file at `path`, made when first written to. One process at a time writes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, checkpoint: Checkpoint) -> None:
        """Adds a checkpoint for good: it is on the disk on return. Raises OSError."""
        line = json.dumps({"size": checkpoint.size, "note": checkpoint.note}).encode() + b"\n"
        is_new = not self.path.exists()
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            if not is_new and self._ends_amid_a_line():
                file.write(b"\n")  # of a crash: what was cut is written again, whole
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        if is_new:
            _sync_folder(self.path.parent)

    def last(self) -> Checkpoint | None:
        """The newest checkpoint; None when there is none."""
        if not self.path.exists():
            return None
        with self.path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
            lines = file.read().split(b"\n")
        return next((found for line in reversed(lines) if (found := _read(line))), None)

    def checkpoints(self) -> Iterator[Checkpoint]:
        """All of them, in the order in which they were written."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            for line in file:
                if found := _read(line):
                    yield found

    def set_aside(self, at: datetime) -> Path | None:
        """Puts the file away under a name with the time; the next checkpoint begins a new one."""
        if not self.path.exists():
            return None
        aside = self.path.with_suffix(f".{at:%Y%m%dT%H%M%SZ}{self.path.suffix}")
        self.path.rename(aside)
        _sync_folder(self.path.parent)
        return aside

    def _ends_amid_a_line(self) -> bool:
        with self.path.open("rb") as file:
            if file.seek(0, os.SEEK_END) == 0:
                return False
            file.seek(-1, os.SEEK_END)
            return file.read(1) != b"\n"


def _read(line: bytes) -> Checkpoint | None:
    """None for a line that a crash has cut."""
    try:
        return Checkpoint.parse(json.loads(line)["note"])
    except (ValueError, KeyError, TypeError, NotACheckpoint):
        return None


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
