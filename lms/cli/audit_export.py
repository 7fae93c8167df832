"""`lms audit export`: events with their proofs, for whoever wants to check them elsewhere."""

import argparse
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from event_store.seals.export import Bound, export, select
from lms.operator_reads import operator_reads
from lms.sealing import connect, sealing_keys
from lms.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    """From where to where, and into which file."""
    parser.add_argument(
        "--from", dest="since", type=bound, help="first position, or instant of recording"
    )
    parser.add_argument(
        "--to", dest="until", type=bound, help="last position, or the instant before which to end"
    )
    parser.add_argument("--out", type=Path, help="a file instead of standard output")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Writes the events between the bounds. Raises ReadNotRecorded."""
    with ExitStack() as stack:
        connection = stack.enter_context(connect(settings, "audit"))
        key = stack.enter_context(sealing_keys(settings)).active(connection)
        reads = stack.enter_context(operator_reads(settings))
        selection = select(connection, options.since, options.until)
        reads.record(
            "ExportSealedEvents",
            _filters(options.since, options.until),
            positions=[selection.after + 1, selection.upto],
            count=selection.last - selection.first + 1,
        )
        out: BinaryIO = sys.stdout.buffer
        if options.out:
            out = stack.enter_context(options.out.open("xb"))
        for line in export(connection, selection, key):
            out.write(line)
        out.flush()
    print(
        f"exported the events with numbers {selection.first} to {selection.last}",
        file=sys.stderr,
    )
    return 0


def _filters(since: Bound, until: Bound) -> dict[str, list[str]]:
    return {name: [str(one)] for name, one in (("from", since), ("to", until)) if one is not None}


def bound(text: str) -> Bound:
    """A position or an instant (RFC 3339; without a zone it is UTC)."""
    if text.isdecimal():
        return int(text)
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
