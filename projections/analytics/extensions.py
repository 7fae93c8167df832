"""DuckDB's signed extensions, as they come in wheels: loaded from there, never from the network."""

from importlib.util import find_spec
from pathlib import Path

import duckdb


def load(connection: duckdb.DuckDBPyConnection, *names: str) -> None:
    """Loads extensions into the connection's database. DuckDB checks their signatures.

    Raises `ModuleNotFoundError` when `duckdb-extension-<name>` isn't installed for this version of
    DuckDB.
    """
    for name in names:
        connection.execute(f"LOAD '{_file(name)}'")


def _file(name: str) -> Path:
    spec = find_spec(f"duckdb_extension_{name}")
    if spec is not None and spec.origin is not None:
        folder = Path(spec.origin).parent / "extensions" / f"v{duckdb.__version__}"
        file = folder / f"{name}.duckdb_extension"
        if file.exists():
            return file
    raise ModuleNotFoundError(
        f"duckdb-extension-{name}=={duckdb.__version__} is not installed.",
        name=f"duckdb_extension_{name}",
    )
