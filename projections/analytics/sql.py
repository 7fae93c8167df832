"""The SQL files beside this module."""

from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent


@cache
def read(name: str) -> str:
    """The text of `<name>.sql`, such as `load/stage`."""
    return (_FOLDER / f"{name}.sql").read_text(encoding="utf-8")


@cache
def names(folder: str) -> list[str]:
    """All names for `read` in a folder, sorted."""
    return sorted(f"{folder}/{file.stem}" for file in (_FOLDER / folder).glob("*.sql"))
