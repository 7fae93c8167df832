"""Which archives there are, and which of the keys have been kept long enough."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal

from lms.backup import manifest
from lms.backup.errors import Refused
from lms.backup.manifest import Archive


def archives(folder: Path, kind: Literal["history", "keys"]) -> list[Archive]:
    """The complete archives of a kind in a folder, the oldest first."""
    return sorted(_found(folder, kind), key=lambda archive: archive.manifest.taken_at)


def outlived_keys(folder: Path, before: datetime) -> list[Archive]:
    """The archives of keys made before an instant; never the newest one."""
    return [
        archive for archive in archives(folder, "keys")[:-1] if archive.manifest.taken_at < before
    ]


def _found(folder: Path, kind: Literal["history", "keys"]) -> Iterator[Archive]:
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        try:
            yield manifest.opened(path, kind)
        except Refused:
            continue
