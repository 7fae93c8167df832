"""How a process without a port shows that it is alive: it writes a file every two seconds."""

import asyncio
import json
import os
import time
from pathlib import Path

from lms.settings import Settings

EVERY = 2.0
STALE = 15.0


async def beat(settings: Settings, process: str) -> None:
    """Writes the file for as long as the event loop turns. Never returns.

    The whole file each time: another copy of the process that ends takes the file with it.
    """
    file = _file(settings, process)
    try:
        while True:
            written = file.with_suffix(f".{os.getpid()}")
            written.write_text(json.dumps({"pid": os.getpid()}))
            written.replace(file)
            await asyncio.sleep(EVERY)
    finally:
        file.unlink(missing_ok=True)


def is_beating(settings: Settings, process: str, pid: int | None = None) -> bool:
    """Whether the process (the one with this id, if given) was alive a few seconds ago."""
    file = _file(settings, process)
    try:
        fresh = time.time() - file.stat().st_mtime < STALE
        beating = json.loads(file.read_bytes())["pid"]
    except (OSError, ValueError, KeyError):
        return False
    return fresh and pid in (None, beating)


def _file(settings: Settings, process: str) -> Path:
    return settings.data_folder().folder("run") / f"{process}.json"
