"""What an earlier server may have left behind when it, or its supervisor, was killed."""

import os
import time
from pathlib import Path
from signal import SIGINT

from lms.service import PAUSE, ServiceFailed

PROC = Path("/proc")
SHARED_MEMORY_LINE = 6
"""Line of `postmaster.pid` with the key and id of the cluster's shared memory, counted from 0."""


def end(data: Path, deadline: float) -> None:
    """Makes sure that no process works on the cluster in `data`, so that a new server may start.

    Only for the one who owns the cluster's folder alone: a server found running is stopped.
    Raises ServiceFailed when it is still there after `deadline` seconds.
    """
    pid_file = data / "postmaster.pid"
    if not pid_file.exists() or not PROC.joinpath("self").exists():
        return
    lines = pid_file.read_text().splitlines()
    pid = int(lines[0])
    if _is_postmaster(pid, data):
        os.kill(pid, SIGINT)
    elif _is_alive(pid):
        pid_file.unlink()  # the number belongs to some other program by now
        return
    limit = time.monotonic() + deadline
    while _is_postmaster(pid, data) or _is_attached(lines):
        if time.monotonic() > limit:
            raise ServiceFailed(f"an earlier Postgres (process {pid}) still works on {data}")
        time.sleep(PAUSE)


def _is_alive(pid: int) -> bool:
    return (PROC / str(pid)).exists()


def _is_postmaster(pid: int, data: Path) -> bool:
    try:
        arguments = (PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return os.fsencode(data) in arguments


def _is_attached(lines: list[str]) -> bool:
    """Whether sessions of a killed server still hold its shared memory; they end on their own."""
    if len(lines) <= SHARED_MEMORY_LINE:
        return False
    wanted = lines[SHARED_MEMORY_LINE].split()[1]
    try:
        segments = (PROC / "sysvipc" / "shm").read_text().splitlines()[1:]
    except OSError:
        return False
    columns = (segment.split() for segment in segments)
    return any(column[1] == wanted and column[6] != "0" for column in columns)
