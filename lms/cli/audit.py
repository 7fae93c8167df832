"""`lms audit`: verify the log against its seals, export history with proofs, the sealing keys."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import msgspec

from event_store.seals.checkpoint import Checkpoint, NotACheckpoint
from event_store.seals.export import Bound, NothingSealed, export, remembered, select
from event_store.seals.keys import NotOurKey, jwks, public_keys
from event_store.seals.tables import SubtreeMissing
from event_store.seals.verdict import Verdict
from event_store.seals.witness import Witness
from lms.sealing import connect, sealing_keys, verify_live
from lms.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, with which bounds and files."""
    acts = parser.add_subparsers(metavar="action", required=True)
    verifying = acts.add_parser(
        "verify", help="say whether history is as it was sealed, or where not"
    )
    verifying.add_argument(
        "--kept",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="a checkpoint, an export or a witness file kept from before; may be repeated",
    )
    verifying.add_argument("--json", action="store_true", help="for programs")
    verifying.set_defaults(act=verify)
    exporting = acts.add_parser("export", help="write events with proofs, as NDJSON")
    exporting.add_argument(
        "--from", dest="since", type=bound, help="first position, or instant of recording"
    )
    exporting.add_argument(
        "--to", dest="until", type=bound, help="last position, or the instant before which to end"
    )
    exporting.add_argument("--out", type=Path, help="a file instead of standard output")
    exporting.set_defaults(act=export_events)
    keys = acts.add_parser("keys", help="print the public keys that sign checkpoints, as a JWK set")
    keys.set_defaults(act=print_keys)
    rotating = acts.add_parser("rotate-key", help="sign checkpoints with a new key from now on")
    rotating.set_defaults(act=rotate)
    accepting = acts.add_parser(
        "accept-restore", help="go on from a restored backup: set the witness of the lost end aside"
    )
    accepting.set_defaults(act=accept_restore)


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Does what was asked for."""
    act: Callable[[argparse.Namespace, Settings], int] = options.act
    try:
        return act(options, settings)
    except (NotACheckpoint, NothingSealed, NotOurKey, SubtreeMissing, Unreadable) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


class Unreadable(ValueError):
    """A file that holds neither checkpoints nor an export."""


def verify(options: argparse.Namespace, settings: Settings) -> int:
    """Prints what was found; 1 when something was."""
    checkpoints: list[Checkpoint] = []
    leaves: dict[int, bytes] = {}
    for file in options.kept:
        for found in _kept(file):
            if isinstance(found, Checkpoint):
                checkpoints.append(found)
            else:
                leaves[found[0]] = found[1]
    progress = _progress if sys.stderr.isatty() else _silent
    verdict = verify_live(settings, checkpoints, leaves, progress)
    if options.json:
        print(msgspec.json.format(msgspec.json.encode(verdict)).decode())
    else:
        print(_told(verdict))
    return 0 if verdict.holds else 1


def export_events(options: argparse.Namespace, settings: Settings) -> int:
    """Writes the events between the bounds."""
    with ExitStack() as stack:
        connection = stack.enter_context(connect(settings, "audit"))
        key = sealing_keys(settings).active(connection)
        selection = select(connection, options.since, options.until)
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


def print_keys(options: argparse.Namespace, settings: Settings) -> int:
    """Prints what `GET /.well-known/seal-keys.json` answers."""
    print(json.dumps(jwks(public_keys(settings.seal_database_url)), indent=2))
    return 0


def rotate(options: argparse.Namespace, settings: Settings) -> int:
    """Puts a new key in place."""
    with connect(settings, "audit") as connection:
        key = sealing_keys(settings).rotate(connection)
    print(f"{key.kid} signs checkpoints from now on.")
    return 0


def accept_restore(options: argparse.Namespace, settings: Settings) -> int:
    """Sets the witness file aside, so that the sealer goes on from what the database has."""
    aside = Witness(settings.witness_file).set_aside(datetime.now(UTC))
    if aside is None:
        print("There is no witness file.")
    else:
        print(f"{aside} is what was known before: keep it. `lms audit verify --kept` compares.")
    return 0


def bound(text: str) -> Bound:
    """A position or an instant (RFC 3339; without a zone it is UTC)."""
    if text.isdecimal():
        return int(text)
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _kept(file: Path) -> Iterable[Checkpoint | tuple[int, bytes]]:
    """What a file proves: one note, or the lines of a witness or of an export."""
    content = file.read_bytes()
    if not content.startswith(b"{"):
        return [Checkpoint.parse(content.decode())]
    try:
        lines = [_line(line) for line in content.splitlines()]
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable(f"{file} is neither a checkpoint nor an export: {error}") from None
    return [found for found in lines if found is not None]


def _line(line: bytes) -> Checkpoint | tuple[int, bytes] | None:
    content = json.loads(line)
    return remembered(line) if "kind" in content else Checkpoint.parse(content["note"])


def _told(verdict: Verdict) -> str:
    pace = verdict.events / max(verdict.seconds, 1e-9)
    lines = [str(problem) for problem in verdict.problems]
    lines.append(
        f"{verdict.events} events, {verdict.sealed} of them sealed, in {verdict.seconds:.1f} s"
        f" ({pace:,.0f}/s); {verdict.checkpoints} checkpoints, {verdict.witnessed} from outside"
    )
    if verdict.unsealed_since is not None:
        lines.append(f"not sealed yet: {verdict.unsealed}, since {verdict.unsealed_since:%FT%TZ}")
    lines.append(
        "history is as it was sealed" if verdict.holds else "history is NOT as it was sealed"
    )
    return "\n".join(lines)


def _progress(done: int, of: int) -> None:
    print(f"\r{done:,} of {of:,}", end="\n" if done == of else "", file=sys.stderr)


def _silent(done: int, of: int) -> None:
    return None
