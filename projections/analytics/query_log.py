"""What analysts asked, for auditors: one line of JSON for each query, in a file."""

import threading
from collections import deque
from datetime import UTC, datetime
from pathlib import Path

import msgspec


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One query: `by` is a learner's id or a Quack session, `refusal` says why it didn't run."""

    at: datetime
    way: str  # quack, http
    by: str
    query: str
    refusal: str | None


class QueryLog:
    """Appends to a file. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def add(self, way: str, by: str, query: str, refusal: str | None) -> None:
        asked = Asked(at=datetime.now(UTC), way=way, by=by, query=query, refusal=refusal)
        line = msgspec.json.encode(asked) + b"\n"
        with self._lock, self._path.open("ab") as file:
            file.write(line)

    def last(self, count: int) -> list[Asked]:
        """The latest queries, newest first."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            lines = deque(file, maxlen=count)
        return [msgspec.json.decode(line, type=Asked) for line in reversed(lines)]
