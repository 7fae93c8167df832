"""`lms verify`: do the read models equal history?"""

import argparse

import psycopg

from lms.settings import Settings
from projections.catalogue import PROJECTIONS, named
from projections.source import open_source
from projections.verify import Verified, verify


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which to verify."""
    names = ", ".join(projection.name for projection in PROJECTIONS)
    parser.add_argument("name", nargs="*", help=f"all when none is named: {names}")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Builds each read model again aside and compares; 1 when one differs."""
    psycopg.connect(settings.project_database_url).close()
    chosen = [named(name) for name in options.name] or list(PROJECTIONS)
    holds = True
    with open_source(settings.project_database_url, settings.master_key) as source:
        for projection in chosen:
            outcome = verify(projection, source)
            holds = holds and outcome.holds
            print(_told(outcome))
    return 0 if holds else 1


def _told(outcome: Verified) -> str:
    verdict = "equals history" if outcome.holds else "DIFFERS from history"
    lines = [f"{outcome.projection}: {verdict} ({outcome.events} events, {outcome.rows} rows)"]
    lines += [
        f"  {found.table}: {found.missing} rows missing, {found.unexpected} unexpected,"
        f" such as {', '.join(found.examples)}"
        for found in outcome.differences
    ]
    return "\n".join(lines)
