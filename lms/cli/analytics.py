"""`lms analytics`."""

import argparse
import sys
from pathlib import Path

import duckdb

from lms import processes
from lms.settings import Settings
from projections.analytics.export import export
from projections.analytics.quack import attach_statements


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to do."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="action")
    actions.add_parser("serve", help="load the log and serve DuckDB over Quack, until Ctrl-C")
    actions.add_parser("attach", help="print what an analyst types into DuckDB to get in")
    parquet = actions.add_parser("export", help="write every table of the star as Parquet")
    parquet.add_argument("folder", type=Path, nargs="?", help="by default in the data folder")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """0, or 1 when nobody serves what is to be exported."""
    if options.action == "export":
        return _export(options.folder or settings.data_dir / "analytics" / "parquet", settings)
    print(attach_statements(settings.host, settings.quack_port, settings.quack_token), flush=True)
    if options.action == "serve":
        print("Another process that serves the same file is waited for.", file=sys.stderr)
        processes.run("analytics", settings)
    return 0


def _export(folder: Path, settings: Settings) -> int:
    uri = f"quack:{settings.host}:{settings.quack_port}"
    try:
        written = export(uri, settings.quack_token, folder)
    except duckdb.Error as error:
        print(f"error: {error}", file=sys.stderr)
        print("Is it served? `lms up` and `lms analytics serve` do.", file=sys.stderr)
        return 1
    for table, rows in written.items():
        print(f"{table:<20} {rows:>12,} rows")
    print(f"written to {folder}")
    return 0
