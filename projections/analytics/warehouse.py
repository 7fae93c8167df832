"""The DuckDB file: its settings, its shape, and the way into it."""

from pathlib import Path
from typing import Final

import duckdb

from projections.analytics import sql

SCHEMA_VERSION: Final = 3
"""Raise it with every change of `schema/` or `load/`: the file is then built anew from the log."""

MEMORY_LIMIT: Final = "80MB"


class AnotherShape(Exception):
    """The file was written by a program with another schema version."""


class Warehouse:
    """An open file. One process at a time can have it open, see `FileLock`."""

    def __init__(self, path: Path, *, memory_limit: str = MEMORY_LIMIT) -> None:
        """Opens or creates the file. Raises `AnotherShape`, or `duckdb.IOException` when another
        process has it open."""
        self.path = path
        self.connection = duckdb.connect(
            path,
            config={
                "memory_limit": memory_limit,
                "threads": 1,  # for loading; see `share_cores`
                "temp_directory": str(path.with_name(path.name + ".tmp")),
                "preserve_insertion_order": False,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "allow_community_extensions": False,
                "python_enable_replacements": False,
            },
        )
        try:
            self.connection.execute("SET GLOBAL TimeZone = 'UTC'")
            self._prepare()
        except BaseException:
            self.connection.close()
            raise

    def share_cores(self) -> None:
        """Lets a query use two cores. Loading is no faster on two, and takes far more memory."""
        self.connection.execute("SET GLOBAL threads = 2")

    def close(self) -> None:
        """Writes everything into the file itself, so that no WAL stays beside it."""
        self.connection.close()

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Another connection to the same database; one thread may use it at a time."""
        return self.connection.cursor()

    def _prepare(self) -> None:
        found = self.connection.execute(
            "SELECT count(*) FROM duckdb_tables()"
            " WHERE schema_name = 'raw' AND table_name = 'state'"
        ).fetchone()
        if found == (0,):
            self._create()
        version = self.connection.execute("SELECT schema_version FROM raw.state").fetchone()
        if version != (SCHEMA_VERSION,):
            raise AnotherShape(f"{self.path} has schema version {version}, not {SCHEMA_VERSION}.")

    def _create(self) -> None:
        self.connection.begin()
        for name in sql.names("schema"):
            self.connection.execute(sql.read(name))
        self.connection.execute("INSERT INTO raw.state VALUES (?, 0, NULL, NULL)", [SCHEMA_VERSION])
        self.connection.commit()
