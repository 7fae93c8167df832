"""Logs as JSON, one object a line: when, how bad, who, what, and for which request."""

import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
QUIET = ("yoyo.migrations", "uvicorn.error", "aiohttp.access")
"""Loggers whose INFO tells what others tell better."""

Correlation = Callable[[], object | None]


class JsonFormatter(logging.Formatter):
    """Formats a record with all of its `extra`; `correlation` names the request, if any."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process
        self.correlation: Correlation = lambda: None

    def format(self, record: logging.LogRecord) -> str:
        """See logging.Formatter."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "process": self._process,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if correlation := self.correlation():
            line["correlation_id"] = str(correlation)
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        line |= {name: value for name, value in vars(record).items() if name not in STANDARD}
        return msgspec.json.encode(line, enc_hook=str).decode()


def log_to_stderr(process: str, level: str) -> None:
    """Sends all logs of this process to stderr: the supervisor, or a container, keeps them."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter(process))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    logging.captureWarnings(capture=True)


def correlate(correlation: Correlation) -> None:
    """From now on logs say which request they belong to."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler.formatter, JsonFormatter):
            handler.formatter.correlation = correlation
