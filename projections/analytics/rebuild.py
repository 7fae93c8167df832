"""Builds the file anew from the log, beside the one in use, and swaps the two."""

import contextlib
import logging
from collections.abc import Callable
from pathlib import Path

from projections.analytics.catch_up import catch_up
from projections.analytics.warehouse import AnotherShape, Warehouse
from projections.analytics.writer import Writer

logger = logging.getLogger(__name__)


class Stopped(Exception):
    """The process was asked to stop before the file was complete; the next start goes on."""


def build_beside(path: Path, conninfo: str, stopping: Callable[[], bool]) -> Path:
    """Loads the whole log into a new file; returns where it is.

    A build that was cut short goes on where it stopped. Raises `Stopped`.
    """
    beside = path.with_name(path.name + ".building")
    warehouse = _open_new(beside)
    try:
        writer = Writer(warehouse.connection)
        for loaded in catch_up(writer, conninfo, beside.with_name(beside.name + ".csv")):
            logger.info("building %s: %s more events", beside.name, loaded)
            if stopping():
                raise Stopped
    finally:
        warehouse.close()
    return beside


def swap(path: Path, beside: Path) -> None:
    """Puts a complete file, closed, in place of the one in use, closed too."""
    _wal(path).unlink(missing_ok=True)
    beside.replace(path)


def is_of_another_shape(path: Path) -> bool:
    """Whether the file exists and was made by a program with another schema version."""
    if not path.exists():
        return False
    try:
        Warehouse(path).close()
    except AnotherShape:
        return True
    return False


def _open_new(beside: Path) -> Warehouse:
    try:
        return Warehouse(beside)
    except AnotherShape:
        for file in (beside, _wal(beside)):
            with contextlib.suppress(FileNotFoundError):
                file.unlink()
    return Warehouse(beside)


def _wal(path: Path) -> Path:
    return path.with_name(path.name + ".wal")
