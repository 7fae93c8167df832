"""How much memory a process holds."""

from pathlib import Path


def resident_megabytes(pid: int) -> float:
    """Resident set size in megabytes, as Linux counts it."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise LookupError(f"/proc/{pid}/status has no VmRSS.")
