"""Writes the star schema as Parquet files, from outside, while the process goes on."""

import json
from pathlib import Path
from typing import Final

import duckdb

from projections.analytics import extensions

TABLES: Final = (
    "dim_learner",
    "dim_course",
    "dim_assessment",
    "dim_survey",
    "dim_date",
    "fact_enrollment",
    "fact_progress",
    "fact_attempt",
    "fact_answer",
    "fact_rating",
    "fact_survey_answer",
    "fact_notification",
    "fact_login",
)


def export(uri: str, token: str, folder: Path) -> dict[str, int]:
    """Writes `<table>.parquet` for each table into the folder; returns the rows in each.

    `uri` is that of the Quack server, `quack:host:port`. A file appears only when it is complete.
    `manifest.json` says between which positions of the log the files were taken: each table is a
    snapshot of its own. Raises `duckdb.Error` when the server can't be reached.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as client:
        extensions.load(client, "httpfs", "quack")
        client.execute(f"ATTACH {_quoted(uri)} AS lms (TOKEN {_quoted(token)})")
        before = _position(client, uri, token)
        rows = {table: _export(client, table, folder) for table in TABLES}
        manifest = {"from_position": before, "to_position": _position(client, uri, token)}
    (folder / "manifest.json").write_text(json.dumps({**manifest, "rows": rows}, indent=2))
    return rows


def _export(client: duckdb.DuckDBPyConnection, table: str, folder: Path) -> int:
    file, partial = folder / f"{table}.parquet", folder / f"{table}.parquet.partial"
    row = client.execute(
        f"COPY (FROM lms.{table}) TO {_quoted(str(partial))} (FORMAT parquet, COMPRESSION zstd)"
    ).fetchone()
    partial.replace(file)
    assert row is not None
    count: int = row[0]
    return count


def _position(client: duckdb.DuckDBPyConnection, uri: str, token: str) -> int:
    row = client.execute(
        "FROM quack_query($uri, 'SELECT position FROM raw.state', token => $token)",
        {"uri": uri, "token": token},
    ).fetchone()
    assert row is not None
    position: int = row[0]
    return position


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
